/** Playing a live stream: by the browser itself where it can (Safari), otherwise by hls.js, which is loaded when it is needed. */

/** How the player stands. */
export type PlayerState = "connecting" | "playing" | "unsupported";

/** A stream that failed is begun anew after this. */
const AGAIN_MS = 3_000;
/** No new picture for so long, and it is not playing. */
const STILL_MS = 5_000;
const LOOK_MS = 1_000;

export interface Player {
  stop: () => void;
}

/** Where the list of a camera's live stream is. */
export function liveUrl(camera: string): string {
  return `/api/v1/cameras/${encodeURIComponent(camera)}/live/index.m3u8`;
}

/** Whether pictures move: the playing position of two looks, and how long ago it last changed. */
export function isMoving(now_ms: number, moved_ms: number | undefined): boolean {
  return moved_ms !== undefined && now_ms - moved_ms < STILL_MS;
}

/** Plays a live stream until it is stopped; tries again for as long. */
export function play(video: HTMLVideoElement, url: string, tell: (state: PlayerState) => void): Player {
  let end: (() => void) | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let is_over = false;
  let position = -1;
  let moved_ms: number | undefined;

  const retry = (): void => {
    end?.();
    end = undefined;
    clearTimeout(again);
    if (!is_over) again = setTimeout(() => void begin(), AGAIN_MS);
  };

  async function begin(): Promise<void> {
    tell("connecting");
    if (!("MediaSource" in window) && video.canPlayType("application/vnd.apple.mpegurl")) {
      video.addEventListener("error", retry);
      video.src = url;
      end = () => {
        video.removeEventListener("error", retry);
        video.removeAttribute("src");
        video.load();
      };
    } else {
      const { default: Hls } = await import("hls.js/light");
      if (is_over) return;
      if (!Hls.isSupported()) return tell("unsupported");
      // Two segments behind the newest: about six seconds behind what happens.
      const hls = new Hls({ liveSyncDurationCount: 2, liveMaxLatencyDurationCount: 6, backBufferLength: 10, enableWorker: false });
      hls.on(Hls.Events.ERROR, (_, fault) => {
        if (fault.fatal) retry();
      });
      hls.loadSource(url);
      hls.attachMedia(video);
      end = () => hls.destroy();
    }
    video.muted = true;
    // It begins when there is something to play; a browser that forbids it says so here, and the next look tries again.
    video.play().catch(() => {});
  }

  const looking = setInterval(() => {
    if (video.currentTime !== position) {
      position = video.currentTime;
      moved_ms = position > 0 ? Date.now() : undefined;
    } else if (video.paused && video.readyState >= 3) void video.play().catch(() => {});
    if (end) tell(isMoving(Date.now(), moved_ms) ? "playing" : "connecting");
  }, LOOK_MS);

  void begin();
  return {
    stop() {
      is_over = true;
      clearInterval(looking);
      clearTimeout(again);
      end?.();
    },
  };
}
