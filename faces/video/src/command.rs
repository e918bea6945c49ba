//! What `ffmpeg` is told.

use std::ffi::OsString;

use identity::StreamAddress;
use pack::Video;

/// Seconds of a segment of the live stream; where pictures are copied it ends at the camera's next key frame.
const SEGMENT_S: u32 = 2;

/// Segments of the live stream that its list names. A browser begins three before the end.
const LISTED: u32 = 6;

/// Segments that are kept after they left the list, for whoever is slow.
const LEFT: u32 = 5;

/// Microseconds after which a connection that says nothing is given up.
const TIMEOUT_US: u32 = 10_000_000;

/// What is fetched, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// From where; absent where it may send them by itself.
    pub address: Option<StreamAddress>,
    /// What the camera's class says.
    pub video: Video,
}

/// The script that tells where pictures come from. It goes in by standard input: arguments of a program are seen by everybody
/// on the machine, and an address holds a password.
pub fn script(address: &StreamAddress) -> String {
    let address = address.reveal();
    // Over TCP: a lost packet would be a grey picture in a recording.
    let options = if address.starts_with("rtsp") {
        format!("option rtsp_transport tcp\noption timeout {TIMEOUT_US}\n")
    } else {
        format!("option rw_timeout {TIMEOUT_US}\n")
    };
    format!("ffconcat version 1.0\nfile '{address}'\n{options}")
}

/// Its arguments. Files are named from the folder it runs in.
pub fn arguments(video: Video, is_pushed: bool) -> Vec<OsString> {
    let mut all = Arguments(Vec::new());
    all.add("-hide_banner -nostdin -nostats -loglevel info");
    if is_pushed {
        // The head says that there is no sound to be waited for; a second tells how many pictures there are in one.
        all.add("-f flv -analyzeduration 1000000 -protocol_whitelist pipe -i pipe:0");
    } else {
        // Neither files of this machine nor plain HTTP, whatever a list that a camera sends may name.
        all.add("-f concat -safe 0");
        all.add("-protocol_whitelist pipe,rtsp,rtsps,rtmp,rtmps,rtp,srtp,tcp,udp,tls,crypto -i pipe:0");
    }
    all.pictures(video);
    let kept = format!("-hls_time {SEGMENT_S} -hls_list_size {LISTED} -hls_delete_threshold {LEFT}");
    // Segments are numbered from the seconds since 1970, so that no name ever means two things.
    all.add(&format!("-f hls {kept} -hls_start_number_source epoch -hls_segment_filename live/%d.ts"));
    all.add("-hls_flags delete_segments+temp_file+omit_endlist+program_date_time live/index.m3u8");
    if let Some(recording) = video.recording {
        all.pictures(video);
        let seconds = recording.segment_seconds;
        all.add(&format!("-f segment -segment_time {seconds} -segment_atclocktime 1 -reset_timestamps 1 -strftime 1"));
        // In fragments, each written out at once: what was recorded before the program was killed can be played.
        let fragments = "movflags=+frag_keyframe+empty_moov+default_base_moof:flush_packets=1";
        all.add(&format!("-segment_format mp4 -segment_format_options {fragments}"));
        all.add("recorded/%s.mp4");
    }
    all.0
}

struct Arguments(Vec<OsString>);

impl Arguments {
    /// Words of our own, none of which has a space.
    fn add(&mut self, words: &str) {
        self.0.extend(words.split(' ').map(OsString::from));
    }

    /// The first pictures of the source and nothing else: no sound, no subtitles, no data.
    fn pictures(&mut self, video: Video) {
        self.add("-map 0:v:0 -an -sn -dn");
        if video.transcode {
            self.add("-c:v libx264 -preset veryfast -tune zerolatency -profile:v main -pix_fmt yuv420p");
            self.add(&format!("-force_key_frames expr:gte(t,n_forced*{SEGMENT_S})"));
        } else {
            self.add("-c:v copy");
        }
    }
}

#[cfg(test)]
mod tests {
    use pack::Recording;

    use super::*;

    fn words(video: Video) -> String {
        arguments(video, false).iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_address_stands_in_the_script_alone() {
        let address = StreamAddress::parse("rtsp://admin:s3cret@10.0.0.7/ch1").unwrap();
        let text = script(&address);
        assert!(text.contains("file 'rtsp://admin:s3cret@10.0.0.7/ch1'\noption rtsp_transport tcp\n"), "{text}");
        let other = script(&StreamAddress::parse("rtmp://10.0.0.7/live/key").unwrap());
        assert!(other.contains("option rw_timeout") && !other.contains("rtsp_transport"), "{other}");
    }

    #[test]
    fn pictures_are_copied_without_sound_and_recorded_where_the_class_says_so() {
        let live = Video { recording: None, transcode: false };
        let text = words(live);
        assert!(text.contains("-map 0:v:0 -an -sn -dn -c:v copy -f hls"), "{text}");
        assert!(!text.contains("-f segment"), "{text}");
        let recording = Some(Recording { segment_seconds: 60, retention_days: 30 });
        let text = words(Video { recording, ..live });
        assert!(text.contains("-f segment -segment_time 60") && text.ends_with("recorded/%s.mp4"), "{text}");
        let pushed = arguments(live, true);
        assert!(pushed.windows(2).any(|two| two == ["-f", "flv"]) && !pushed.contains(&"concat".into()), "{pushed:?}");
        let text = words(Video { transcode: true, ..live });
        assert!(text.contains("-c:v libx264") && !text.contains("copy"), "{text}");
    }
}
