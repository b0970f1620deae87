/**
 * The shell script that stands between the daemon and a task's command. It outlives the
 * daemon, and leaves in the task's folder what the next daemon needs to know: who it is,
 * and how the command ended.
 *
 * - `process` is created exclusively before the command starts: of two wrappers for one task (a
 *   daemon killed just after it had started one) the second finds it there and leaves.
 * - The command runs in the foreground. A background command of a non-interactive shell
 *   ignores SIGINT and SIGQUIT (POSIX, 2.12 "Signals and Error Handling"), which are stop
 *   signals that users choose.
 * - Stop signals go to the whole group. The wrapper traps them with a command, not with '', so that
 *   its child has them at their defaults, while it lives on to see the exit code.
 * - `begun` appears once a signal reaches the command: before, the wrapper's trap would swallow it.
 * - At the end the rest of the group is killed, as the end of a container's first
 *   process kills the rest.
 */
import { type ChildProcess, spawn } from "node:child_process";

/** Exit status of a wrapper that found the task already started. */
const ALREADY_STARTED = 125;

// Files are named relative to the working directory, which is the task's folder: the folders above
// it may be closed to the user that the task runs as.
const SCRIPT = `
dir=$1
shift
started=unknown
read_started() { shift 21; started=$1; }
if [ -r "/proc/$$/stat" ]; then
  read -r stat < "/proc/$$/stat"
  read_started $stat
  boot=
  read -r boot < /proc/sys/kernel/random/boot_id
  started=$boot:$started
fi
set -C
printf '%s %s\\n' "$$" "$started" 2>/dev/null > process || exit ${ALREADY_STARTED}
set +C
signals='HUP INT QUIT ABRT ALRM TERM USR1 USR2 PIPE XCPU'
trap : $signals
(trap - $signals; : > begun; cd -P "$dir" && exec "$@")
code=$?
printf '%s\\n' "$code" > exit
kill -KILL 0
`;

export interface WrapperOptions {
  /** The task's own folder. */
  readonly folder: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where the command runs; relative to `folder` or absolute. */
  readonly dir: string;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Open for appending: standard output and standard error go there. */
  readonly outputFd: number;
}

/**
 * The child is the leader of a session and a process group of its own, and does not die with us.
 */
export function spawnWrapper(options: WrapperOptions): ChildProcess {
  const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", options.dir, ...options.argv], {
    cwd: options.folder,
    env: options.env,
    detached: true,
    stdio: ["ignore", options.outputFd, options.outputFd],
    ...options.owner,
  });
  // The daemon may exit while tasks run.
  child.unref();
  return child;
}
