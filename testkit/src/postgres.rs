//! One private PostgreSQL server per test process: made at first use, stopped when the process ends, however it ends.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The shell that keeps the server: it ends with our end of its standard input, even when we are killed.
///
/// initdb refuses to run as root, so as root everything runs as the user `postgres` that the package made.
/// fsync is off: these tests prove rules, not durability. The locale is not C: keys must sort by byte all the same.
const KEEPER: &str = r#"
set -e
dir=$(mktemp -d /tmp/dipper-pg.XXXXXX)
trap 'pg_ctl -D "$dir/data" stop -m immediate >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
initdb -D "$dir/data" -U dipper -A trust -E UTF8 --no-sync --locale=C --locale-provider=icu --icu-locale=en-US >"$dir/log" 2>&1 ||
    { rm -rf "$dir/data"; initdb -D "$dir/data" -U dipper -A trust -E UTF8 --no-sync >"$dir/log" 2>&1; }
pg_ctl -D "$dir/data" -w -t 60 -l "$dir/log" start \
    -o "-c listen_addresses='' -k $dir -c fsync=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=32MB" >/dev/null 2>&1 ||
    { cat "$dir/log" >&2; exit 1; }
echo "$dir"
read -r _ || true
"#;

struct Server {
    socket_dir: String,
    bin: PathBuf,
    // Open as long as the process lives.
    _keeper: (Child, ChildStdin),
}

/// The address of a new, empty database; absent when PostgreSQL is not installed.
pub(crate) fn new_database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let server = SERVER.get_or_init(start).as_ref()?;
    let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let made =
        Command::new(server.bin.join("createdb")).args(["-h", &server.socket_dir, "-U", "dipper", &name]).output();
    let made = made.expect("createdb comes with initdb");
    assert!(made.status.success(), "createdb: {}", String::from_utf8_lossy(&made.stderr));
    Some(format!("postgres://dipper@{}/{name}", server.socket_dir.replace('/', "%2F")))
}

/// Ends every connection to a database but our own.
pub(crate) fn cut_connections(url: &str) {
    let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let cut = Command::new("psql").args(["-X", "-q", "-c", sql, url]).output().expect("psql comes with the server");
    assert!(cut.status.success(), "psql: {}", String::from_utf8_lossy(&cut.stderr));
}

fn start() -> Option<Server> {
    let bin = bin_dir()?;
    let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", bin.display());
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh", "-c", KEEPER]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER]);
        command
    };
    let mut keeper = command
        .env("PATH", path)
        .current_dir("/tmp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell starts");
    let mut socket_dir = String::new();
    let stdout = keeper.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut socket_dir).expect("the shell writes text");
    let stdin = keeper.stdin.take().expect("it is piped");
    if socket_dir.trim().is_empty() {
        drop(stdin);
        let output = keeper.wait_with_output().expect("the shell ends");
        panic!("PostgreSQL did not start: {}", String::from_utf8_lossy(&output.stderr));
    }
    Some(Server { socket_dir: socket_dir.trim().to_owned(), bin, _keeper: (keeper, stdin) })
}

/// Where initdb is: Debian keeps the server programs out of PATH. The newest version when there are several.
fn bin_dir() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    let others = ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].map(PathBuf::from);
    versions.into_iter().rev().chain(others).find(|dir| dir.join("initdb").exists() && dir.join("createdb").exists())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The owner of our own process folder; std has no geteuid.
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|metadata| metadata.uid() == 0)
}
