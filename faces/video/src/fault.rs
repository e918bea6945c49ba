//! What `ffmpeg` says, in our words. Its own are not passed on: they hold the address.

use sense::cameras::StreamFault;

/// How it says that nobody answers.
const UNREACHABLE: [&str; 6] = [
    "Connection refused",
    "No route to host",
    "Network is unreachable",
    "Failed to resolve hostname",
    "Connection timed out",
    "Operation timed out",
];

/// What a line of its complaints means; `None` for a line that says nothing of that kind.
pub fn fault_of(line: &str, transcode: bool) -> Option<StreamFault> {
    if let Some((_, pictures)) = line.split_once(": Video: ") {
        let is_shown = pictures.starts_with("h264") || transcode;
        return (!is_shown).then_some(StreamFault::NotH264);
    }
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    if has(&["401 Unauthorized", "403 Forbidden", "authentication failed", "Server error: Unauthorized"]) {
        Some(StreamFault::Unauthorised)
    } else if has(&["404 Not Found", "454 Session", "NetStream.Play.StreamNotFound", "matches no streams"]) {
        Some(StreamFault::NotFound)
    } else if has(&["No space left on device", "Permission denied", "Unrecognized option", "Unknown encoder"]) {
        Some(StreamFault::Failed)
    } else if has(&UNREACHABLE) {
        Some(StreamFault::Unreachable)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_told_apart() {
        for (line, expect) in [
            ("  Stream #0:0: Video: h264 (High), yuv420p(tv), 1920x1080, 25 fps", None),
            ("  Stream #0:0: Video: hevc (Main), yuvj420p(pc), 2560x1440", Some(StreamFault::NotH264)),
            ("[tcp @ 0x5] Connection to tcp://10.0.0.7:554 failed: Connection refused", Some(StreamFault::Unreachable)),
            (
                "[tcp @ 0x5] Failed to resolve hostname cam.invalid: Name or service not known",
                Some(StreamFault::Unreachable),
            ),
            ("[rtsp @ 0x5] method DESCRIBE failed: 401 Unauthorized", Some(StreamFault::Unauthorised)),
            ("[rtsp @ 0x5] method DESCRIBE failed: 404 Not Found", Some(StreamFault::NotFound)),
            ("Stream map '0:v:0' matches no streams.", Some(StreamFault::NotFound)),
            ("av_interleaved_write_frame(): No space left on device", Some(StreamFault::Failed)),
            ("Opening 'live/1.ts.tmp' for writing", None),
        ] {
            assert_eq!(fault_of(line, false), expect, "{line}");
        }
        assert_eq!(fault_of("  Stream #0:0: Video: hevc (Main)", true), None, "it is written anew");
    }
}
