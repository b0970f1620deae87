/**
 * Everything that is not Swarm reaches the host's own engine through our socket,
 * streams and terminals included.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { callApi, openRaw } from "../setup/api-client.js";
import { ApiFixture } from "../setup/api-fixture.js";
import { type DockerCommand, dockerCommand } from "../setup/docker-command.js";
import { describeWithEngine } from "../setup/requirements.js";

const IMAGE = "skep/busybox:1";
/** Containers of this run are told apart by it, as the engine is shared. */
const RUN = `skep-pass-${randomBytes(4).toString("hex")}`;

describeWithEngine("through our socket to the engine", (engineSocket) => {
  let api: ApiFixture;
  let docker: DockerCommand;
  let direct: DockerCommand;
  beforeAll(async () => {
    api = await ApiFixture.start({ engineSocket });
    docker = dockerCommand(api.socketPath)!;
    direct = dockerCommand(engineSocket)!;
  });
  afterAll(async () => {
    const left = await direct.output(["ps", "-aq", "--filter", `label=run=${RUN}`]);
    if (left !== "") await direct.output(["rm", "-f", ...left.split("\n")]);
    await api[Symbol.asyncDispose]();
  });

  const container = (...args: string[]): string[] => [
    "run",
    "--rm",
    "--label",
    `run=${RUN}`,
    ...args,
  ];

  test("a client of 1.50 works on an engine that speaks less", async () => {
    const answer = await callApi(api.socketPath, { path: "/v1.50/containers/json" });
    expect(answer.status).toBe(200);
    expect(answer.headers["api-version"]).toBe("1.50");
    expect(await docker.output(["version", "--format", "{{.Server.APIVersion}}"])).toBe("1.50");
  });

  test("run: output, error output and exit code", async () => {
    const result = await docker.run(container(IMAGE, "sh", "-c", "echo out; echo err >&2; exit 3"));
    expect(result).toEqual({ code: 3, stdout: "out\n", stderr: "err\n" });
  });

  test("run -i: the end of the input ends the command, and its last words still come", async () => {
    const command = docker.start(container("-i", IMAGE, "sh", "-c", "cat; sleep 0.3; echo after"));
    command.send("one\n");
    await command.says(/one/);
    command.send("two\n");
    await command.says(/two/);
    command.endInput();
    expect(await command.finished).toEqual({ code: 0, stdout: "one\ntwo\nafter\n", stderr: "" });
  });

  test("run -i: megabytes there and back, unharmed", async () => {
    const input = randomBytes(5_000_000).toString("base64");
    const { code, stdout } = await docker.run(container("-i", IMAGE, "cat"), input);
    expect(code).toBe(0);
    expect(stdout === input).toBe(true);
  });

  test("run -it: a terminal", async () => {
    const command = docker.startInTerminal(container("-it", IMAGE, "sh"));
    await command.says(/#/);
    command.send("tty; echo $((40 + 2))\n");
    await command.says(/\/dev\/pts\/0[\s\S]*42/);
    command.send("exit 5\n");
    expect((await command.finished).code).toBe(5);
  });

  describe("on a container that runs", () => {
    const name = `${RUN}-lines`;
    beforeAll(async () => {
      const script =
        'i=0; trap "exit 0" TERM; while true; do echo line $i; i=$((i+1)); sleep 0.1; done';
      await docker.output([
        "run",
        "-d",
        "--label",
        `run=${RUN}`,
        "--name",
        name,
        IMAGE,
        "sh",
        "-c",
        script,
      ]);
    });

    test("logs -f", async () => {
      const logs = docker.start(["logs", "-f", name]);
      await logs.says(/line 5\n/);
      logs.kill("SIGINT");
      await logs.finished;
    });

    test("attach", async () => {
      const attached = docker.start(["attach", "--no-stdin", "--sig-proxy=false", name]);
      await attached.says(/line \d+\n[\s\S]*line \d+\n/);
      attached.kill("SIGKILL");
      await attached.finished;
    });

    test("exec, with and without input, and its exit code", async () => {
      expect(await docker.output(["exec", name, "echo", "hello"])).toBe("hello");
      const result = await docker.run(["exec", "-i", name, "sh", "-c", "cat; exit 4"], "input\n");
      expect(result).toEqual({ code: 4, stdout: "input\n", stderr: "" });
      const terminal = docker.startInTerminal(["exec", "-it", name, "sh"]);
      await terminal.says(/#/);
      terminal.send("exit 6\n");
      expect((await terminal.finished).code).toBe(6);
    });

    test("events come while they happen", async () => {
      const filter = ["--filter", `container=${name}`, "--format", "{{.Action}}"];
      const events = docker.start(["events", "--since", "10m", ...filter]);
      await events.says(/start/);
      await docker.output(["stop", "-t", "5", name]);
      await events.says(/die/);
      events.kill("SIGINT");
      await events.finished;
    });
  });

  test("cp in and out", async () => {
    const id = await docker.output(["create", "--label", `run=${RUN}`, IMAGE, "true"]);
    const saved = await docker.run(["cp", `${id}:/bin/busybox`, "-"]);
    expect(saved.code).toBe(0);
    expect(saved.stdout.length).toBeGreaterThan(100_000);
  });

  test("save and load: more than any of our own bodies may have", async () => {
    const folder = mkdtempSync(join(tmpdir(), "skep-save-"));
    await docker.output(["save", "-o", join(folder, "image.tar"), IMAGE]);
    expect(await docker.output(["load", "-i", join(folder, "image.tar")])).toBe(
      `Loaded image: ${IMAGE}`,
    );
    rmSync(folder, { recursive: true });
    const big = Buffer.concat([
      tarHeader("big", 20_000_000),
      Buffer.alloc(20_000_000),
      Buffer.alloc(1536),
    ]);
    const imported = await docker.run(["import", "-", `${RUN}:1`], big);
    expect(imported.code).toBe(0);
    expect(await direct.output(["image", "inspect", "--format", "{{.Size}}", `${RUN}:1`])).toBe(
      "20000000",
    );
    await docker.output(["rmi", `${RUN}:1`]);
  });

  test("build", async () => {
    const { code, stdout } = await docker.run(
      ["build", "-q", "-t", `${RUN}-built:1`, "-"],
      `FROM ${IMAGE}\nLABEL run=${RUN}\nENV A=b\n`,
    );
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^sha256:/)]);
    await docker.output(["rmi", `${RUN}-built:1`]);
  });

  test("a build's session: the engine speaks HTTP/2 to its client on it", async () => {
    const raw = openRaw(api.socketPath);
    const headers = ["Host: x", "Connection: Upgrade", "Upgrade: h2c"].concat(
      ["Uuid: skep", "Name: skep", "Sharedkey: skep"].map((h) => `X-Docker-Expose-Session-${h}`),
    );
    await raw.write(`POST /v1.50/session HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    expect(await raw.until(/PRI \* HTTP\/2\.0/)).toContain("HTTP/1.1 101 ");
    raw.destroy();
  });

  test("an upgrade that the engine refuses is answered, and nothing is mistaken for it", async () => {
    const raw = openRaw(api.socketPath);
    await raw.write(
      "POST /v1.50/containers/nobody/attach?stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" +
        "GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    const answer = await raw.closed;
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer.toLowerCase()).toContain("connection: close");
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test("what the engine refuses stays in its words", async () => {
    const { code, stderr } = await docker.run(["inspect", "--type", "container", "nobody"]);
    expect([code, stderr.trim()]).toEqual([
      1,
      "Error response from daemon: No such container: nobody",
    ]);
    const exec = await docker.run(["exec", "nobody", "true"]);
    expect(exec.stderr).toContain("No such container: nobody");
  });

  test("inspect finds containers and services alike", async () => {
    const id = await docker.output(["create", "--label", `run=${RUN}`, IMAGE, "true"]);
    await docker.output([
      "service",
      "create",
      "-d",
      "-q",
      "--no-resolve-image",
      "--name",
      "web",
      IMAGE,
    ]);
    expect(await docker.output(["inspect", "--format", "{{.ID}}", id])).toBe(id);
    expect(await docker.output(["inspect", "--format", "{{.Spec.Name}}", "web"])).toBe("web");
  });

  test("info is the engine's, with our swarm", async () => {
    const info = JSON.parse(await docker.output(["info", "--format", "{{json .}}"])) as {
      ServerVersion: string;
      Swarm: { NodeID: string; ControlAvailable: boolean };
    };
    expect(info.ServerVersion).toBe(
      await direct.output(["version", "--format", "{{.Server.Version}}"]),
    );
    expect(info.Swarm).toMatchObject({ NodeID: api.managerId, ControlAvailable: true });
  });

  test("an engine that is away is named", async () => {
    await using lost = await ApiFixture.start({ engineSocket: "/nowhere/docker.sock" });
    const answer = await callApi(lost.socketPath, { path: "/v1.50/containers/json" });
    expect([answer.status, answer.json]).toEqual([
      503,
      {
        message:
          "Cannot connect to the Docker daemon at unix:///nowhere/docker.sock. Is the docker daemon running?",
      },
    ]);
    expect((await callApi(lost.socketPath, { path: "/services" })).status).toBe(200);
  });
});

/** One file's header in a tar archive (POSIX ustar). */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\0", 257);
  header.write("00", 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}
