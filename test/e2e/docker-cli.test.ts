/** The official docker CLI against the API alone: what it prints, and what it says of bad input. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { ApiFixture } from "../setup/api-fixture.js";
import { type DockerCommand, dockerCommand } from "../setup/docker-command.js";
import { describeWithEngine } from "../setup/requirements.js";

const IMAGE = "skep/busybox:1";
const CREATE = ["service", "create", "-d", "-q", "--no-resolve-image"];

// The engine is not used here: where there is one, there is the CLI.
describeWithEngine("the docker CLI on a host without an engine", () => {
  let api: ApiFixture;
  let docker: DockerCommand;
  beforeAll(async () => {
    api = await ApiFixture.start({ role: "none" });
    docker = dockerCommand(api.socketPath)!;
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
  });

  test("before a swarm is made", async () => {
    expect(await docker.output(["info", "--format", "{{.Swarm.LocalNodeState}}"])).toBe("inactive");
    const { code, stderr } = await docker.run(["node", "ls"]);
    expect([code, stderr]).toEqual([
      1,
      'Error response from daemon: This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.\n',
    ]);
  });

  test("making one", async () => {
    const made = await docker.output(["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    expect(made).toContain(`Swarm initialized: current node (${api.managerId}) is now a manager.`);
    expect(made).toMatch(/docker swarm join --token SWMTKN-1-\w{50}-\w{25} 127\.0\.0\.1:2377/);
    const again = await docker.run(["swarm", "init"]);
    expect(again.stderr).toContain("This node is already part of a swarm.");
    const token = await docker.output(["swarm", "join-token", "-q", "worker"]);
    const rotated = await docker.output(["swarm", "join-token", "--rotate", "-q", "worker"]);
    expect(rotated).not.toBe(token);
    expect(await docker.output(["swarm", "update", "--task-history-limit", "3"])).toBe(
      "Swarm updated.",
    );
    expect(await docker.output(["info"])).toMatch(
      /Is Manager: true[\s\S]*Task History Retention Limit: 3/,
    );
  });

  test("version", async () => {
    expect(await docker.output(["version"])).toMatch(/Server: Skep\n Skep:\n {2}Version: /);
  });

  test("nodes", async () => {
    const format =
      "{{.ID}} {{.Self}} {{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}}";
    expect(await docker.output(["node", "ls", "--format", format])).toBe(
      `${api.managerId} true manager1 Ready Active Leader`,
    );
    await docker.output([
      "node",
      "update",
      "--availability",
      "drain",
      "--label-add",
      "a=b",
      "manager1",
    ]);
    const pretty = await docker.output(["node", "inspect", "--pretty", "manager1"]);
    expect(pretty).toMatch(/Labels:\s+- a=b[\s\S]*Availability:\s+Drain[\s\S]*Manager Status:/);
    await docker.output(["node", "update", "--availability", "active", "manager1"]);
    const demoted = await docker.run(["node", "demote", "manager1"]);
    expect(demoted.stderr).toContain("attempting to demote the last manager of the swarm");
  });

  test("a service from its making to its end", async () => {
    const options = ["--name", "web", "--replicas", "3", "--label", "tier=front", "-e", "A=b"];
    const limits = ["--limit-memory", "64m", "--constraint", "node.role==manager"];
    const id = await docker.output([...CREATE, ...options, ...limits, IMAGE, "sleep", "1000"]);
    await api.addTask("web", {
      nodeId: api.managerId,
      status: { state: "running", atMs: Date.now() - 60_000, message: "started" },
    });
    const error = "no suitable node (insufficient resources on 1 node)";
    await api.addTask("web", {
      slot: 2,
      status: { state: "pending", atMs: Date.now(), message: "pending", error },
    });
    expect(
      await docker.output([
        "service",
        "ls",
        "--format",
        "{{.Name}} {{.Mode}} {{.Replicas}} {{.Image}}",
      ]),
    ).toBe(`web replicated 1/3 ${IMAGE}`);
    const columns = "{{.Name}}|{{.Image}}|{{.Node}}|{{.DesiredState}}|{{.CurrentState}}|{{.Error}}";
    expect(
      await docker.output(["service", "ps", "--no-trunc", "--format", columns, "web"]),
    ).toMatch(
      new RegExp(
        `^web\\.1\\|${IMAGE}\\|manager1\\|Running\\|Running about a minute ago\\|\nweb\\.2\\|${IMAGE}\\|\\|Running\\|Pending .*\\|"${error.replace(/[()]/g, "\\$&")}"$`,
      ),
    );
    expect(await docker.output(["service", "inspect", "--pretty", "web"])).toMatch(
      new RegExp(
        `ID:\\s+${id}\nName:\\s+web\nLabels:\n tier=front\nService Mode:\\s+Replicated\n Replicas:\\s+3`,
      ),
    );
    expect(await docker.output(["service", "scale", "-d", "web=12"])).toBe("web scaled to 12");
    await docker.output([
      "service",
      "update",
      "-d",
      "-q",
      "--env-add",
      "C=d",
      "--no-resolve-image",
      "web",
    ]);
    const env = [
      "service",
      "inspect",
      "--format",
      "{{json .Spec.TaskTemplate.ContainerSpec.Env}}",
      "web",
    ];
    // The command keeps them in a map of Go's, which has no order.
    expect((JSON.parse(await docker.output(env)) as string[]).sort()).toEqual(["A=b", "C=d"]);
    await docker.output(["service", "rollback", "-d", "-q", "web"]);
    expect(await docker.output(env)).toBe('["A=b"]');
    expect(await docker.output(["inspect", "--format", "{{.ID}}", "web"])).toBe(id);
    expect(await docker.output(["service", "rm", "web"])).toBe("web");
    const gone = await docker.run(["service", "inspect", "web"]);
    expect([gone.code, gone.stderr]).toEqual([1, "Error: no such service: web\n"]);
  });

  test.each<[string, string[], string]>([
    ["a bad name", ["--name", "no good", IMAGE], "name must be valid as a DNS name component"],
    [
      "an unknown operator",
      ["--constraint", "node.role~=x", IMAGE],
      "constraint expected one operator from ==, !=",
    ],
    ["a malformed image", ["a:b:c"], "invalid reference format"],
    [
      "little memory",
      ["--limit-memory", "1m", IMAGE],
      "invalid memory value 1048576: Must be at least 4MiB",
    ],
    [
      "little processor",
      ["--limit-cpu", "0.0001", IMAGE],
      "invalid cpu value 0.0001: Must be at least 0.001",
    ],
    [
      "the same port twice",
      ["-p", "80:80", "-p", "80:81", IMAGE],
      "duplicate published ports provided",
    ],
    ["an unknown network", ["--network", "back", IMAGE], "network back not found"],
    ["an unknown secret", ["--secret", "key", IMAGE], "secret not found: key"],
  ])("%s", async (_what, args, message) => {
    const before = api.store.committed.sequence;
    const { code, stdout, stderr } = await docker.run([...CREATE, ...args]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("{");
    expect(api.store.committed.sequence).toBe(before);
  });

  test("what needs an engine is refused in one line", async () => {
    expect(await docker.output(["ps", "-q"])).toBe("");
    expect(await docker.output(["images", "-q"])).toBe("");
    expect(await docker.output(["volume", "ls", "-q"])).toBe("");
    const run = await docker.run(["run", IMAGE]);
    expect([run.code, run.stderr]).toEqual([
      125,
      expect.stringContaining("this host has no container engine"),
    ]);
    const nobody = await docker.run(["inspect", "nobody"]);
    expect([nobody.code, nobody.stderr]).toEqual([1, "Error: No such object: nobody\n"]);
    const secret = await docker.run(["secret", "create", "key", "-"], "x");
    expect(secret.stderr).toContain("secrets are not available yet");
  });

  test("leaving", async () => {
    const refused = await docker.run(["swarm", "leave"]);
    expect(refused.stderr).toContain("participating as a manager");
    expect(await docker.output(["swarm", "leave", "--force"])).toBe("Node left the swarm.");
  });
});
