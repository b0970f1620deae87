// What create and update send is what the official docker CLI sends for the same words. The specs in
// fixtures/requests.json are those of 28.2; where there is such a CLI, or Debian 12's (20.10), they are compared with it again.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import { describe, expect, test } from "vitest";

import { completeServiceSpec } from "../shared/docker-api/defaults.js";
import type { Service, ServiceSpec } from "../shared/docker-api/service-spec.js";
import { dockerSwarm } from "../test/samples/docker-swarm.js";
import { findDockerCli } from "../test/setup/cli.mjs";
import { dockerCommand } from "../test/setup/docker-command.js";
import { RecordedDaemon } from "../test/setup/recorded-daemon.js";
import { runSkep } from "../test/setup/run-skep.js";

/** After `service create -d --no-resolve-image`, one a line; `|` stands for a blank within a word. */
const CREATES = `
busybox
busybox:1 sh -c echo|a
--name web --replicas 3 busybox --name x
--mode global busybox
--mode replicated-job --replicas 5 --max-concurrent 2 busybox
--mode replicated-job --replicas 5 busybox
--mode global-job busybox
-l a=b -l c --container-label d=e=f busybox
-e A=1 -e B= -e A=2 -e SET_NOWHERE busybox
--limit-cpu 1.5 --limit-memory 64m --limit-pids 10 busybox
--reserve-cpu .25 --reserve-memory 1g --generic-resource gpu=2 busybox
--restart-condition none busybox
--restart-delay 3s --restart-max-attempts 4 --restart-window 1m busybox
--update-parallelism 0 --update-order start-first busybox
--update-delay 1s --update-monitor 2s --update-failure-action rollback --update-max-failure-ratio .5 busybox
--rollback-parallelism 3 --rollback-delay 1s --rollback-monitor 2s --rollback-failure-action continue --rollback-max-failure-ratio 0.25 --rollback-order start-first busybox
--health-cmd curl|x --health-interval 5s --health-timeout 1s --health-retries 2 --health-start-period 3s --health-start-interval 1s busybox
--no-healthcheck busybox
--constraint node.role==manager --constraint node.labels.a!=b busybox
--placement-pref spread=node.labels.rack --placement-pref spread=node.labels.row --replicas-max-per-node 2 busybox
--mount type=bind,src=/a,dst=/b,ro --mount src=v,dst=/c,volume-label=a=b,volume-driver=nfs,volume-opt=o=1 --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770 busybox
--publish 8080:80 -p 53:53/udp -p target=81,published=8081,mode=host busybox
--endpoint-mode dnsrr busybox
--entrypoint sh|-c|'a|b' busybox x
--user 1:2 --group 5 --group 3 --workdir /w --hostname h --tty --init --read-only busybox
--init=false --tty=false busybox
--dns 1.1.1.1 --dns-option ndots:1 --dns-search example.com --host db:10.0.0.1 --host six:::1 busybox
--cap-add net_admin --cap-add CAP_CHOWN --cap-drop chown --cap-drop mknod busybox
--cap-add all --cap-add chown --cap-drop RESET busybox
--ulimit nofile=10:20 --ulimit core=0 --ulimit nofile=30 busybox
--sysctl net.core.somaxconn=1024 --oom-score-adj 5 --isolation default busybox
--log-driver json-file --log-opt max-size=1m --log-opt plain busybox
--log-opt max-size=1m busybox
--stop-signal SIGINT --stop-grace-period 1m busybox
--network front busybox
--network name=front,alias=web,alias=www,driver-opt=a=b busybox
--secret password busybox
--secret src=password,target=pw,uid=1,gid=2,mode=0400 busybox
--config app busybox
--config source=app,target=/etc/app,mode=0440 busybox
--credential-spec file://cred.json busybox
--credential-spec config://app busybox
`;

/** After `service update -d --no-resolve-image web`, likewise. */
const UPDATES = `
--image busybox:2
--image busybox
--args a|'b|c' --entrypoint sh
--replicas 7
--force
--label-add x=y --label-add tier=back --label-rm bare
--container-label-add a=b
--env-add A=9 --env-rm B
--env-rm A
--limit-cpu 2
--limit-memory 1g --limit-pids 0
--reserve-memory 1m
--reserve-cpu 1 --generic-resource-add gpu=2
--restart-condition on-failure --restart-max-attempts 2
--update-parallelism 5 --update-failure-action continue
--rollback-order stop-first
--constraint-add node.ip==1.2.3.4 --constraint-rm node.role==worker
--placement-pref-add spread=node.labels.row --placement-pref-rm spread=node.labels.rack
--placement-pref-add spread=node.labels.row
--replicas-max-per-node 9
--mount-add type=bind,src=/new,dst=/x --mount-rm /data
--mount-add dst=/z
--publish-add 8080:80
--publish-add 9000:90/udp --publish-add target=91,mode=host
--endpoint-mode dnsrr
--user u --workdir /w --hostname h --tty --init=false --read-only --stop-signal SIGINT --stop-grace-period 3s
--group-add b --group-add a
--dns-add 9.9.9.9 --dns-add 1.1.1.1 --dns-option-add ndots:2 --dns-search-add b.test --dns-search-add a.test
--host-add db:10.0.0.1
--health-cmd x --health-retries 9
--health-interval 1s
--no-healthcheck
--cap-add sys_time --cap-add chown --cap-drop net_admin --cap-drop kill
--cap-add RESET --cap-drop ALL
--sysctl-add kernel.sem=1 --sysctl-rm net.core.somaxconn
--ulimit-add nproc=5 --ulimit-add core=1 --ulimit-rm nofile
--log-driver syslog --log-opt tag=x
--network-add back
--network-rm front
--secret-add src=password,target=other --secret-rm password
--config-rm app
--config-add src=app,target=/second
--credential-spec registry://r
--isolation process --oom-score-adj 4
`;

/** The answer does not hang on it. */
const NO_REQUEST = { method: "GET", path: "", query: {}, headers: {}, body: undefined };

const webBefore = dockerSwarm(0)["GET /services/web"]!(NO_REQUEST) as Service;

const CASES = [
  ...linesOf(CREATES).map((line) => `service create -d --no-resolve-image ${line}`),
  ...linesOf(UPDATES).map((line) => `service update -d --no-resolve-image ${line} web`),
];

/** Of the docker CLI: one of another version may send otherwise. */
const GOLDEN_VERSION = /^(28\.2|20\.10)\./;
/** 20.10 does not know them. */
const NEW_TO_28 = ["--health-start-interval", "--oom-score-adj"];

const golden = JSON.parse(
  readFileSync(new URL("fixtures/requests.json", import.meta.url), "utf8"),
) as Readonly<Record<string, unknown>>;

describe("skep sends", () => {
  test.each(CASES)("%s", async (line) => {
    await using daemon = await startDaemon();
    const { status, stderr } = await runSkep(wordsOf(line), { socketPath: daemon.socketPath });
    expect([status, stderr]).toEqual([0, ""]);
    expect(sent(daemon)).toEqual(golden[line]);
  });
});

const cli = findDockerCli();
const isOlder = cli.kind === "ready" && cli.version.startsWith("20.");
const known = CASES.filter((line) => !isOlder || !NEW_TO_28.some((flag) => line.includes(flag)));

describe("the official CLI sends", () => {
  test.for(known)("%s", async (line, context) => {
    if (cli.kind === "unavailable") return context.skip(cli.reason);
    if (!GOLDEN_VERSION.test(cli.version)) return context.skip(`docker CLI ${cli.version}`);
    await using daemon = await startDaemon();
    const { code, stderr } = await dockerCommand(daemon.socketPath)!.run(wordsOf(line));
    expect([code, stderr]).toEqual([0, ""]);
    expect(sent(daemon)).toEqual(golden[line]);
  });
});

function startDaemon(): Promise<RecordedDaemon> {
  return RecordedDaemon.start({
    ...dockerSwarm(0),
    "POST /services/create": () => ({ ID: "made", Warnings: null }),
    "POST /services/webid00000000000000000000/update": () => ({ Warnings: null }),
    "GET /networks/front": () => ({ Name: "front", Id: "net1" }),
    "GET /networks/back": () => ({ Name: "back", Id: "abc" }),
    "GET /secrets": () => [{ ID: "s1", Spec: { Name: "password" } }],
    "GET /configs": () => [{ ID: "c1", Spec: { Name: "app" } }],
  });
}

function linesOf(text: string): string[] {
  return text.trim().split("\n");
}

function wordsOf(line: string): string[] {
  return line.split(" ").map((word) => word.replaceAll("|", " "));
}

/** The query, and what changes in what the daemon makes of the spec. */
function sent(daemon: RecordedDaemon): unknown {
  const [change] = daemon.changes;
  const { version, registryAuthFrom, rollback } = change?.query ?? {};
  const before =
    change?.path === "/services/create"
      ? meant({ TaskTemplate: { ContainerSpec: {} } })
      : meant(webBefore.Spec);
  const query = { version, registryAuthFrom, rollback: rollback === "none" ? undefined : rollback };
  const spec = differences(before, meant(change?.body as ServiceSpec));
  return JSON.parse(JSON.stringify({ ...query, spec }));
}

/** With the daemon's defaults in place a zero means nothing, and clients leave it out as they like. */
function meant(spec: ServiceSpec): Readonly<Record<string, unknown>> {
  return withoutZeros(completeServiceSpec(spec)) as Readonly<Record<string, unknown>>;
}

/** What is new by its path, and null for what is gone. */
function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, fresh] = [before[key], after[key]];
    if (isDeepStrictEqual(old, fresh)) continue;
    if (!isObject(fresh)) found[key] = fresh ?? null;
    else {
      const inside = differences(isObject(old) ? old : {}, fresh);
      for (const [path, value] of Object.entries(inside)) found[`${key}.${path}`] = value;
    }
  }
  return found;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Empty objects that mean something by being there. */
const MARKS = ["Global", "GlobalJob", "Runtime"];

/** As Go's `omitempty` does; where zero and absent differ, the daemon's defaults are in already. */
function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutZeros);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, held]) => [key, withoutZeros(held)] as const)
    .filter(([key, held]) => !isZero(held) || MARKS.includes(key));
  return Object.fromEntries(entries);
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false)
    return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
