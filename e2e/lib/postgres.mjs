// One private PostgreSQL server for a test file: its own folder, its own socket, gone at the end.
import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

// As in testkit: initdb refuses root, and the server must go even when we are killed, so a shell keeps it and ends
// with our end of its input. fsync stays on: these tests are about what survives.
const KEEPER = `
set -e
dir=$(mktemp -d /tmp/dipper-e2e-pg.XXXXXX)
trap 'pg_ctl -D "$dir/data" stop -m immediate >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
initdb -D "$dir/data" -U dipper -A trust -E UTF8 --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
pg_ctl -D "$dir/data" -w -t 60 -l "$dir/log" start -o "-c listen_addresses='' -k $dir -c max_connections=100" >/dev/null 2>&1 || { cat "$dir/log" >&2; exit 1; }
echo "$dir"
read -r _ || true
`;

function programs() {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => path.join(root, version, "bin")), "/usr/local/bin", "/usr/bin"];
  return folders.find((folder) => existsSync(path.join(folder, "initdb")));
}

/** The search path with PostgreSQL's programs, the newest where there are several, for commands that run its tools. */
export const withTools = () => `${programs()}:${process.env["PATH"]}`;

/** Starts the server; undefined where PostgreSQL is not installed. */
export async function postgres(t) {
  const bin = programs();
  if (!bin) return undefined;
  const env = { ...process.env, PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: "C.UTF-8" };
  const shell = userInfo().uid === 0 ? ["runuser", "-u", "postgres", "--", "sh", "-c", KEEPER] : ["sh", "-c", KEEPER];
  const keeper = spawn(shell[0], shell.slice(1), { cwd: "/tmp", env, stdio: ["pipe", "pipe", "pipe"] });
  let fault = "";
  keeper.stderr.on("data", (chunk) => (fault += chunk));
  const socket = await new Promise((resolve, reject) => {
    keeper.stdout.once("data", (chunk) => resolve(String(chunk).trim()));
    keeper.once("exit", () => reject(new Error(`PostgreSQL did not start: ${fault}`)));
  });
  t.after(() => new Promise((resolve) => keeper.once("exit", resolve) && keeper.stdin.end()));
  let next = 1;
  return {
    /** A new, empty database. */
    async database() {
      const name = `e${next++}`;
      await execute(path.join(bin, "createdb"), ["-h", socket, "-U", "dipper", name], { env });
      return `postgres://dipper@${encodeURIComponent(socket)}/${name}`;
    },
  };
}

/** Both kinds: `[["sqlite", undefined], ["postgres", url]]`, the second only where it is installed. */
export async function databases(t) {
  const server = await postgres(t);
  if (!server) t.diagnostic("skipped: no postgresql");
  return [["sqlite", async () => undefined], ...(server ? [["postgres", () => server.database()]] : [])];
}
