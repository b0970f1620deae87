/** The flags that `service create` and `service update` have in common. */
import { words } from "../../completion/sources.js";
import { bytes, cpus, duration, positiveDuration } from "../../flags/amounts.js";
import { parseCredentialSpec } from "../../flags/container-values.js";
import { type FlagSet, list, many, single, text } from "../../flags/flag.js";
import { parseVariable } from "../../flags/key-values.js";
import { float, int, toggle, uint } from "../../flags/numbers.js";
import { shellWords } from "../../flags/shell-words.js";

const ORDERS = words("start-first", "stop-first");

export const WAIT_FLAGS = {
  detach: toggle("Exit immediately instead of waiting for the service to converge", {
    short: "d",
  }),
  quiet: toggle("Suppress progress output", { short: "q" }),
} satisfies FlagSet;

const RESOURCE_FLAGS = {
  "limit-cpu": cpus("Limit CPUs"),
  "limit-memory": bytes("Limit Memory"),
  "limit-pids": int("Limit maximum number of processes (default 0 = unlimited)"),
  "reserve-cpu": cpus("Reserve CPUs"),
  "reserve-memory": bytes("Reserve Memory"),
} satisfies FlagSet;

const RESTART_FLAGS = {
  "restart-condition": text(
    'Restart when condition is met ("none", "on-failure", "any") (default "any")',
    { completion: words("none", "on-failure", "any") },
  ),
  "restart-delay": duration("Delay between restart attempts (ns|us|ms|s|m|h) (default 5s)"),
  "restart-max-attempts": uint("Maximum number of restarts before giving up"),
  "restart-window": duration("Window used to evaluate the restart policy (ns|us|ms|s|m|h)"),
} satisfies FlagSet;

const UPDATE_FLAGS = {
  "update-delay": duration("Delay between updates (ns|us|ms|s|m|h) (default 0s)"),
  "update-failure-action": text(
    'Action on update failure ("pause", "continue", "rollback") (default "pause")',
    { completion: words("pause", "continue", "rollback") },
  ),
  "update-max-failure-ratio": float("Failure rate to tolerate during an update (default 0)"),
  "update-monitor": duration(
    "Duration after each task update to monitor for failure (ns|us|ms|s|m|h) (default 5s)",
  ),
  "update-order": text('Update order ("start-first", "stop-first") (default "stop-first")', {
    completion: ORDERS,
  }),
  "update-parallelism": uint(
    "Maximum number of tasks updated simultaneously (0 to update all at once) (default 1)",
  ),
} satisfies FlagSet;

const ROLLBACK_FLAGS = {
  "rollback-delay": duration("Delay between task rollbacks (ns|us|ms|s|m|h) (default 0s)"),
  "rollback-failure-action": text(
    'Action on rollback failure ("pause", "continue") (default "pause")',
    { completion: words("pause", "continue") },
  ),
  "rollback-max-failure-ratio": float("Failure rate to tolerate during a rollback (default 0)"),
  "rollback-monitor": duration(
    "Duration after each task rollback to monitor for failure (ns|us|ms|s|m|h) (default 5s)",
  ),
  "rollback-order": text('Rollback order ("start-first", "stop-first") (default "stop-first")', {
    completion: ORDERS,
  }),
  "rollback-parallelism": uint(
    "Maximum number of tasks rolled back simultaneously (0 to roll back all at once) (default 1)",
  ),
} satisfies FlagSet;

export const HEALTH_FLAGS = {
  "health-cmd": text("Command to run to check health"),
  "health-interval": positiveDuration("Time between running the check (ms|s|m|h)"),
  "health-retries": int("Consecutive failures needed to report unhealthy"),
  "health-start-interval": positiveDuration(
    "Time between running the check during the start period (ms|s|m|h)",
  ),
  "health-start-period": positiveDuration(
    "Start period for the container to initialize before counting retries towards unstable (ms|s|m|h)",
  ),
  "health-timeout": positiveDuration("Maximum time to allow one check to run (ms|s|m|h)"),
  "no-healthcheck": toggle("Disable any container-specified HEALTHCHECK"),
} satisfies FlagSet;

export const SHARED_FLAGS = {
  ...WAIT_FLAGS,
  ...RESOURCE_FLAGS,
  ...RESTART_FLAGS,
  ...UPDATE_FLAGS,
  ...ROLLBACK_FLAGS,
  ...HEALTH_FLAGS,
  "cap-add": list("Add Linux capabilities"),
  "cap-drop": list("Drop Linux capabilities"),
  "credential-spec": single(
    "credential-spec",
    "Credential spec for managed service account (Windows only)",
    parseCredentialSpec,
  ),
  "endpoint-mode": text('Endpoint mode (vip or dnsrr) (default "vip")', {
    completion: words("vip", "dnsrr"),
  }),
  entrypoint: single("command", "Overwrite the default ENTRYPOINT of the image", shellWords),
  hostname: text("Container hostname"),
  init: toggle("Use an init inside each service container to forward signals and reap processes"),
  isolation: text("Service container isolation mode"),
  "log-driver": text("Logging driver for service"),
  "log-opt": many("list", "Logging driver options", parseVariable),
  "max-concurrent": uint("Number of job tasks to run concurrently (default equal to --replicas)"),
  "no-resolve-image": toggle(
    "Do not query the registry to resolve image digest and supported platforms",
  ),
  "oom-score-adj": int("Tune host's OOM preferences (-1000 to 1000)"),
  "read-only": toggle("Mount the container's root filesystem as read only"),
  replicas: uint("Number of tasks"),
  "replicas-max-per-node": uint("Maximum number of tasks per node (default 0 = unlimited)"),
  "stop-grace-period": duration(
    "Time to wait before force killing a container (ns|us|ms|s|m|h) (default 10s)",
  ),
  "stop-signal": text("Signal to stop the container"),
  tty: toggle("Allocate a pseudo-TTY", { short: "t" }),
  user: text("Username or UID (format: <name|uid>[:<group|gid>])", { short: "u" }),
  "with-registry-auth": toggle("Send registry authentication details to swarm agents"),
  workdir: text("Working directory inside the container", { short: "w" }),
} satisfies FlagSet;
