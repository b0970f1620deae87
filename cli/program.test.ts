// The program as a user meets it: help, versions, what it says of mistakes, and its exit statuses.
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { dockerSwarm } from "../test/samples/docker-swarm.js";
import { RecordedDaemon, Refusal } from "../test/setup/recorded-daemon.js";
import { runSkep, type SkepOptions, type SkepRun } from "../test/setup/run-skep.js";

let daemon: RecordedDaemon;
beforeAll(async () => {
  daemon = await RecordedDaemon.start({
    ...dockerSwarm(0),
    "DELETE /services/web": () => undefined,
    "DELETE /services/nope": () => new Refusal(404, "service nope not found"),
    "POST /swarm/leave": () => undefined,
    "POST /swarm/join": () => undefined,
    "POST /swarm/init": () => "m1nager0000000000000000aa",
    "POST /swarm/update": () => undefined,
    "POST /skep/v1/nodes/one/drain": () => undefined,
    "POST /skep/v1/nodes/two/drain": () => undefined,
    "POST /nodes/m1nager0000000000000000aa/update": () => undefined,
    "POST /nodes/w10ker000000000000000000c/update": () => undefined,
  });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

function skep(line: string, options: Partial<SkepOptions> = {}): Promise<SkepRun> {
  return runSkep(line === "" ? [] : line.split(" "), { socketPath: daemon.socketPath, ...options });
}

describe("help", () => {
  test.each(["", "--help", "-h", "help"])("skep %s lists the commands", async (line) => {
    const { status, stdout } = await skep(line);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: {2}skep \[OPTIONS\] COMMAND\n/);
    expect(stdout).toMatch(/Management Commands:\n {2}network {2}Manage networks/);
    expect(stdout).toMatch(/Commands:\n {2}completion {2}Print/);
    expect(stdout).toMatch(/-H, --host string/);
  });

  test.each(["service", "service --help", "service -h", "help service"])(
    "skep %s lists its verbs",
    async (line) => {
      const { status, stdout } = await skep(line);
      expect([status, stdout.split("\n").slice(0, 6)]).toEqual([
        0,
        [
          "Usage:  skep service COMMAND",
          "",
          "Manage services",
          "",
          "Commands:",
          expect.stringMatching(/^ {2}create +Create a new service$/),
        ],
      ]);
    },
  );

  test.each(["service rm --help", "service remove -h", "help service rm"])(
    "skep %s tells its use",
    async (line) => {
      expect((await skep(line)).stdout).toBe(
        "Usage:  skep service rm SERVICE [SERVICE...]\n\nRemove one or more services\n\n" +
          "Aliases:\n  skep service rm, skep service remove\n",
      );
    },
  );

  test("flags are wrapped to the terminal", async () => {
    const { stdout } = await skep("service create --help", { columns: 60 });
    expect(stdout).toContain("  -d, --detach                             Exit immediately\n");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

test.each(["--version", "-v"])("skep %s", async (line) => {
  const { status, stdout } = await skep(line);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Skep version \d+\.\d+\.\d+\n$/);
});

describe("a mistake is one line on stderr that says what to do", () => {
  test.each([
    ["bogus", 1, "unknown command: skep bogus (see 'skep --help')"],
    ["service bogus", 1, "unknown command: skep service bogus (see 'skep service --help')"],
    ["--bogus", 125, "unknown flag: --bogus (see 'skep --help')"],
    ["service ls --bogus", 125, "unknown flag: --bogus (see 'skep service ls --help')"],
    [
      "service create --replicas=-1 x",
      125,
      'invalid argument "-1" for "--replicas" flag: must be a whole number of 0 or more (see \'skep service create --help\')',
    ],
    [
      "service create",
      1,
      "'skep service create' requires at least 1 argument (see 'skep service create --help')",
    ],
    ["service ls x", 1, "'skep service ls' accepts no arguments (see 'skep service ls --help')"],
    [
      "service update",
      1,
      "'skep service update' requires 1 argument (see 'skep service update --help')",
    ],
    ["service scale web", 1, "invalid scale specifier 'web' (must be SERVICE=REPLICAS)"],
    [
      "service scale web=-1",
      1,
      "web: invalid replicas value -1: must be a whole number of 0 or more",
    ],
    [
      "service scale agent=2",
      1,
      "agent: scale can only be used with replicated or replicated-job mode",
    ],
    [
      "service create --mode foo x",
      1,
      "unknown mode: foo (use replicated, global, replicated-job or global-job)",
    ],
    [
      "service create --mode global --replicas 2 x",
      1,
      "replicas can only be used with replicated or replicated-job mode",
    ],
    [
      "service create --mode global-job --update-delay 1s x",
      1,
      "update and rollback configuration is not supported for jobs",
    ],
    [
      "service create --no-healthcheck --health-cmd x y",
      1,
      "--no-healthcheck conflicts with --health-* options",
    ],
    ["service create --env-file none x", 1, "cannot read none: no such file"],
    ["service update --rollback --force web", 1, "other flags may not be combined with --rollback"],
    [
      "service update --generic-resource-rm gpu web",
      1,
      "could not find generic-resource `gpu` to remove it",
    ],
    ["service update --replicas 2 agent", 1, "replicas can only be used with replicated mode"],
    [
      "service inspect --pretty --format x web",
      1,
      "--format is incompatible with human friendly format",
    ],
    ["service ls --format {{.Nope}}", 1, 'template parsing error: no field "Nope" (there are: ID,'],
    ["service inspect -f {{.Spec.Nope}} web", 1, 'template parsing error: no field "Nope"'],
    ["service ls --filter x", 125, 'invalid argument "x" for "-f, --filter" flag: bad format'],
    ["service inspect nope", 1, "no such service: nope"],
    ["service rm nope", 1, "Error response from daemon: service nope not found"],
    ["service ps nope", 1, "no such service: nope"],
    ["swarm join-token boss", 1, "unknown role boss (must be worker or manager)"],
    ["swarm update", 1, "nothing to change (see 'skep swarm update --help')"],
    ["node update --label-rm x self", 1, "Error response from daemon"],
    ["completion tcsh", 1, "no completion for tcsh (there is one for bash, zsh and fish)"],
    ["-H ftp://x service ls", 1, 'cannot understand host address "ftp://x"'],
    ["-H unix:// service ls", 1, 'no path in host address "unix://"'],
    [
      "-H unix:///nowhere.sock service ls",
      1,
      'Cannot connect to skepd at unix:///nowhere.sock. Is skepd running? (start it with "skepd", or name another with --host)',
    ],
    ["-H tcp://127.0.0.1:1 service ls", 1, "Cannot connect to skepd at tcp://127.0.0.1:1."],
  ])("skep %s", async (line, wantedStatus, message) => {
    const { status, stderr } = await skep(line);
    expect(status).toBe(wantedStatus);
    expect(stderr.startsWith(message), stderr).toBe(true);
    expect(stderr.trimEnd()).not.toContain("\n");
  });
});

describe("the daemon's address", () => {
  test.each([
    [
      "-H wins",
      "-H unix:///a service ls",
      { SKEP_HOST: "unix:///b", DOCKER_HOST: "unix:///c" },
      "/a",
    ],
    ["then SKEP_HOST", "service ls", { SKEP_HOST: "unix:///b", DOCKER_HOST: "unix:///c" }, "/b"],
    ["then DOCKER_HOST", "service ls", { SKEP_HOST: "", DOCKER_HOST: "unix:///c" }, "/c"],
    ["then the usual one", "service ls", { SKEP_HOST: "" }, "/run/skep/skep.sock"],
  ])("%s", async (_name, line, env, path) => {
    const { stderr } = await skep(line, { env });
    expect(stderr).toContain(`Cannot connect to skepd at unix://${path}.`);
  });
});

describe("of several things, those that can be done are done", () => {
  test("services to remove", async () => {
    expect(await skep("service rm nope web nope")).toEqual({
      status: 1,
      stdout: "web\n",
      stderr: "Error response from daemon: service nope not found\n".repeat(2),
    });
  });

  test("services to inspect", async () => {
    const { status, stdout, stderr } = await skep("service inspect -f {{.ID}} nope web");
    expect([status, stdout, stderr]).toEqual([
      1,
      "webid00000000000000000000\n",
      "no such service: nope\n",
    ]);
  });

  test("services to list tasks of", async () => {
    const { status, stdout, stderr } = await skep("service ps -q nope agent");
    expect([status, stdout.split("\n").length - 1, stderr]).toEqual([
      1,
      2,
      "no such service: nope\n",
    ]);
  });
});

describe("nodes", () => {
  test("a role that it has already is not sent", async () => {
    const before = daemon.changes.length;
    const { stdout } = await skep("node promote m1nager0000000000000000aa");
    expect(stdout).toBe("Node m1nager0000000000000000aa is already a manager.\n");
    expect(daemon.changes.length).toBe(before);
  });

  test("a new role is", async () => {
    const { stdout } = await skep("node promote w10ker000000000000000000c");
    expect(stdout).toBe("Node w10ker000000000000000000c promoted to a manager in the swarm.\n");
    expect(daemon.changes.at(-1)).toMatchObject({
      query: { version: "7" },
      body: { Role: "manager", Availability: "drain" },
    });
  });

  test("drain gives a deadline where one is asked for", async () => {
    const { stdout } = await skep("node drain --deadline 1m30s one two");
    expect(stdout).toBe("one\ntwo\n");
    expect(daemon.changes.slice(-2)).toMatchObject([
      { path: "/skep/v1/nodes/one/drain", body: { Within: 90e9 } },
      { path: "/skep/v1/nodes/two/drain", body: { Within: 90e9 } },
    ]);
  });

  test("labels are added, then taken away", async () => {
    const { stdout } = await skep(
      "node update --label-add a=b --label-add c --label-rm ssd --availability pause m1nager0000000000000000aa",
    );
    expect(stdout).toBe("m1nager0000000000000000aa\n");
    expect(daemon.changes.at(-1)?.body).toMatchObject({
      Availability: "pause",
      Role: "manager",
      Labels: { rack: "r1", a: "b", c: "" },
    });
  });
});

describe("the swarm", () => {
  test("init tells how to join", async () => {
    const { stdout } = await skep("swarm init --advertise-addr 192.0.2.1 --task-history-limit 3");
    expect(stdout).toBe(
      "Swarm initialized: current node (m1nager0000000000000000aa) is now a manager.\n\n" +
        "To add a worker to this swarm, run the following command:\n\n" +
        "    skep swarm join --token SWMTKN-1-root-worker 192.0.2.1:2377\n\n" +
        "To add a manager to this swarm, run 'skep swarm join-token manager' and follow the instructions.\n",
    );
    expect(daemon.changes.at(-1)?.body).toEqual({
      ListenAddr: "0.0.0.0:2377",
      AdvertiseAddr: "192.0.2.1",
      DataPathAddr: "",
      DataPathPort: 0,
      DefaultAddrPool: [],
      SubnetSize: 24,
      ForceNewCluster: false,
      AutoLockManagers: false,
      Spec: { Orchestration: { TaskHistoryRetentionLimit: 3 } },
    });
  });

  test("join tells as what", async () => {
    const { stdout } = await skep("swarm join --token T --availability drain 192.0.2.9:2377");
    expect(stdout).toBe("This node joined a swarm as a manager.\n");
    expect(daemon.changes.at(-1)?.body).toMatchObject({
      RemoteAddrs: ["192.0.2.9:2377"],
      JoinToken: "T",
      Availability: "drain",
    });
  });

  test("leave", async () => {
    expect((await skep("swarm leave --force")).stdout).toBe("Node left the swarm.\n");
    expect(daemon.changes.at(-1)?.query).toEqual({ force: "true" });
  });

  test("a token is shown, and renewed", async () => {
    expect((await skep("swarm join-token -q worker")).stdout).toBe("SWMTKN-1-root-worker\n");
    const { stdout } = await skep("swarm join-token --rotate manager");
    expect(stdout).toMatch(/^Successfully rotated manager join token\.\n\nTo add a manager/);
    expect(daemon.changes.at(-1)?.query).toEqual({ version: "7", rotateManagerToken: "true" });
  });

  test("settings that no flag names stay", async () => {
    const { stdout } = await skep("swarm update --snapshot-interval 5 --cert-expiry 1h --autolock");
    expect(stdout).toBe("Swarm updated.\n");
    expect(daemon.changes.at(-1)?.body).toMatchObject({
      Raft: { SnapshotInterval: 5, KeepOldSnapshots: 0, HeartbeatTick: 1, ElectionTick: 10 },
      CAConfig: { NodeCertExpiry: 3600e9 },
      EncryptionConfig: { AutoLockManagers: true },
      Orchestration: { TaskHistoryRetentionLimit: 5 },
    });
  });

  test("its root and its settings can be looked at", async () => {
    expect((await skep("swarm ca")).stdout).toBe(
      "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    );
    expect((await skep("swarm inspect -f {{.Spec.Raft.SnapshotInterval}}")).stdout).toBe("10000\n");
  });
});

test("what the daemon is asked carries the version of the API", async () => {
  await skep("service ls -q", { env: { DOCKER_API_VERSION: "1.41" } });
  expect(daemon.requests.at(-1)?.path).toBe("/services");
});

test("Ctrl-C ends a request that nobody answers", async () => {
  const interruption = new AbortController();
  await using silent = await RecordedDaemon.start({
    "GET /services": () => {
      interruption.abort(new Error("interrupted"));
      return new Promise(() => undefined);
    },
  });
  const run = await runSkep(["service", "ls"], {
    socketPath: silent.socketPath,
    interrupted: interruption.signal,
  });
  expect(run).toEqual({ status: 130, stdout: "", stderr: "" });
});
