// Networks as objects: made, used, changed and removed with the official docker CLI, on real hosts.
import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import type { DockerCommand } from "../setup/docker-command.js";
import { dockerCommand } from "../setup/docker-command.js";
import { describeWithLab } from "../setup/requirements.js";
import { eventually, settles } from "./eventually.js";
import { labFolder } from "./lab-traces.js";

interface Container {
  readonly host: string;
  readonly id: string;
}

const IMAGE = "skep/busybox:1";
/** Takes no notice of the request to end, so that it takes its whole grace period. */
const STUBBORN = "trap '' TERM; while :; do sleep 1; done";
const STACK = (graceSeconds: number): string => `
version: "3.8"
services:
  web:
    image: ${IMAGE}
    command: ["sh", "-c", "${STUBBORN}"]
    stop_grace_period: ${graceSeconds}s
    deploy: { replicas: 2 }
    networks: [front]
networks:
  front: {}
`;

/** Serves its own name. */
const SERVE = ["sh", "-c", "hostname > /index.html; exec httpd -f -p 80 -h /"];

/** To a host by the address that the hosts know it by. */
const GO_OUT = "ping -c 1 -W 2 192.168.77.2 >/dev/null && echo out; true";

describeWithLab("networks as objects", () => {
  let lab: Laboratory;
  let docker: DockerCommand;
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 2, managers: 1 });
    docker = dockerCommand(lab.host("host1").skepSocket)!;
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  async function deploy(stack: string, text: string): Promise<void> {
    const flags = ["--detach=true", "--resolve-image", "never", "--compose-file", "-"];
    const { code, stderr } = await docker.run(["stack", "deploy", ...flags, stack], text);
    expect([code, stderr]).toEqual([0, ""]);
  }

  async function allRun(service: string, count: number): Promise<void> {
    await settles(async () => {
      const flags = ["--filter", `name=${service}`, "--format", "{{.Replicas}}"];
      expect(await docker.output(["service", "ls", ...flags])).toBe(`${count}/${count}`);
    });
  }

  async function serve(name: string, network: string, replicas: number): Promise<void> {
    const create = ["service", "create", "--detach", "--no-resolve-image", "--name", name];
    const brisk = ["--stop-grace-period", "0s", "--restart-delay", "100ms"];
    const on = ["--network", network, "--replicas", String(replicas)];
    await docker.output([...create, ...brisk, ...on, IMAGE, ...SERVE]);
  }

  async function skep(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await lab.exec("host1", ["skep", ...words]);
    if (status !== 0) throw new Error(`skep ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Of the tasks of a service that run, by host. */
  async function containersOf(service: string): Promise<Container[]> {
    const found = ["host1", "host2"].map(async (host) => {
      const list = `docker ps --quiet --no-trunc --filter label=com.docker.swarm.service.name=${service}`;
      const { stdout } = await lab.exec(host, ["sh", "-c", list]);
      return stdout
        .split("\n")
        .filter(Boolean)
        .map((id) => ({ host, id }));
    });
    return (await Promise.all(found)).flat();
  }

  async function within({ host, id }: Container, script: string): Promise<string> {
    const { stdout } = await lab.exec(host, ["docker", "exec", id, "sh", "-c", script]);
    return stdout.trim();
  }

  function addressOf(container: Container): Promise<string> {
    return within(container, "ip -4 -o addr show dev eth0 | sed 's/.*inet \\([0-9.]*\\).*/\\1/'");
  }

  /** Each reaches each by its address, and the service by its name, from within. */
  async function expectMesh(
    containers: readonly Container[],
    service: string,
    all: readonly Container[],
  ): Promise<void> {
    const targets = await Promise.all(containers.map(addressOf));
    const ask = (to: string): string =>
      `printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${to} 80 | tail -n 1`;
    const hostnames = containers.map(({ id }) => id.slice(0, 12));
    for (const container of containers) {
      const script = [...targets, service].map((to) => `${ask(to)};`).join(" ");
      const said = (await within(container, script)).split("\n");
      expect(said.slice(0, targets.length)).toEqual(hostnames);
      expect(all.map(({ id }) => id.slice(0, 12))).toContain(said.at(-1));
    }
  }

  test.each([
    { network: "narrow", flags: [], exit: "out" },
    { network: "shut", flags: ["--internal"], exit: "" },
  ])(
    "a full network gets another subnet, and what runs runs on ($network)",
    async ({ network, flags, exit }) => {
      const subnet = network === "narrow" ? "10.71.1" : "10.71.2";
      // Of sixteen: network, broadcast and gateway; a virtual address; two hosts.
      const create = ["network", "create", "-d", "overlay", ...flags, "--subnet", `${subnet}.0/28`];
      await docker.output([...create, network]);
      await serve(`in-${network}`, network, 12);
      const errors = ["service", "ps", "--no-trunc", "--format", "{{.Error}}", `in-${network}`];
      await settles(async () => {
        expect(await docker.output(errors)).toContain(
          `network ${network} is full: the 13 addresses of ${subnet}.0/28 are in use; add a subnet to it (skep network update --subnet-add CIDR ${network}) or run fewer tasks on it`,
        );
        expect(await containersOf(`in-${network}`)).toHaveLength(10);
      });
      const before = await containersOf(`in-${network}`);
      await skep("network", "update", "--subnet-add", `${subnet}.128/25`, network);
      await allRun(`in-${network}`, 12);
      const after = await containersOf(`in-${network}`);
      expect(after).toEqual(expect.arrayContaining(before));
      const added = after.filter(({ id }) => !before.some((one) => one.id === id));
      expect(added).toHaveLength(2);
      await expectMesh([...added, ...before.slice(0, 4)], `in-${network}`, after);
      for (const container of [before[0]!, added[0]!])
        expect(await within(container, GO_OUT), network).toBe(exit);
      const listed = await docker.output(["network", "ls", "--format", "{{.Name}}"]);
      expect(listed.split("\n").filter((name) => name.startsWith("skep-"))).toEqual([]);
      await docker.output(["service", "rm", `in-${network}`]);
    },
  );

  test("a stack goes whole while its tasks are still stopping, and can be made again at once", async () => {
    await deploy("shop", STACK(5));
    await allRun("shop_web", 2);
    const inspect = ["network", "inspect", "shop_front", "--format", "{{.ID}} {{.IPAM.Config}}"];
    const former = await docker.output(inspect);
    const { code, stderr } = await docker.run(["stack", "rm", "shop"]);
    expect([code, stderr]).toEqual([0, ""]);
    const names = ["network", "ls", "--filter", "scope=swarm", "--format", "{{.Name}}"];
    expect(await docker.output(names)).not.toContain("shop_front");

    await deploy("shop", STACK(0));
    await allRun("shop_web", 2);
    const [id, subnet] = former.split(" ");
    const again = await docker.output(inspect);
    expect(again).not.toContain(id);
    expect(again).not.toContain(subnet);
    await docker.output(["stack", "rm", "shop"]);
    await eventually("the networks of both are gone from the engines", async () => {
      const list = "docker network ls --format '{{.Name}}' --no-trunc";
      const { stdout } = await lab.exec("host1", ["sh", "-c", list]);
      return stdout.includes(id!) || stdout.includes(again.split(" ")[0]!) ? undefined : true;
    });
  });
});
