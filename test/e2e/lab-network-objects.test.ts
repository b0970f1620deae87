// Networks as objects: made, used, changed and removed with the official docker CLI, on real hosts.
import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import type { DockerCommand } from "../setup/docker-command.js";
import { dockerCommand } from "../setup/docker-command.js";
import { describeWithLab } from "../setup/requirements.js";
import { eventually, settles } from "./eventually.js";
import { labFolder } from "./lab-traces.js";

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

  test("a stack goes whole while its tasks are still stopping, and can be made again at once", async () => {
    await deploy("shop", STACK(5));
    await allRun("shop_web", 2);
    const inspect = ["network", "inspect", "shop_front", "--format", "{{.ID}} {{.IPAM.Config}}"];
    const former = await docker.output(inspect);
    const { code, stderr } = await docker.run(["stack", "rm", "shop"]);
    expect([code, stderr]).toEqual([0, ""]);
    const names = ["network", "ls", "--filter", "scope=swarm", "--format", "{{.Name}}"];
    expect((await docker.output(names)).split("\n")).toEqual(["ingress"]);

    await deploy("shop", STACK(0));
    await allRun("shop_web", 2);
    const [id, subnet] = former.split(" ");
    const again = await docker.output(inspect);
    expect(again).not.toContain(id);
    expect(again).not.toContain(subnet);
    await docker.output(["stack", "rm", "shop"]);
    await eventually("the bridges of both are gone", async () => {
      const { stdout } = await lab.exec("host1", ["ip", "-brief", "link"]);
      const bridges = stdout.split("\n").filter((line) => /^skep\d/.test(line));
      return bridges.length === 1 ? true : undefined; // that of the ingress network
    });
  });
});
