/** A host with things that services ask for, through the official docker CLI and a real engine. */
import { expect, test } from "vitest";

import { dockerCommand } from "../setup/docker-command.js";
import { describeWithEngine } from "../setup/requirements.js";
import { containersOf } from "./cluster-containers.js";
import { settles } from "./eventually.js";
import { SkepdProcess } from "./skepd-process.js";

const FLAGS = ["gpu=UUID1", "gpu=UUID2,ssd=4"].flatMap((one) => ["--generic-resource", one]);
const CREATE = [
  ...["service", "create", "--detach", "--no-resolve-image", "--stop-signal", "SIGKILL"],
  ...["--generic-resource", "gpu=2", "--generic-resource", "ssd=3"],
];

describeWithEngine("generic resources", (engineSocket) => {
  test("are told by the host, given once, and known to the container", async () => {
    const settings = { engine: "docker", engineSocket, hostname: "host-a", flags: FLAGS } as const;
    await using skepd = await SkepdProcess.init(settings);
    const { docker } = skepd;
    const format = ["--format", "{{json .Description.Resources.GenericResources}}"];
    expect(JSON.parse(await docker.output(["node", "inspect", "self", ...format]))).toEqual([
      { NamedResourceSpec: { Kind: "gpu", Value: "UUID1" } },
      { NamedResourceSpec: { Kind: "gpu", Value: "UUID2" } },
      { DiscreteResourceSpec: { Kind: "ssd", Value: 4 } },
    ]);

    const sleep = ["skep/busybox:1", "sleep", "10000"];
    await docker.output([...CREATE, "--name", "train", ...sleep]);
    await settles(async () => {
      const [container] = await containersOf(engineSocket, await skepd.clusterId());
      expect(container?.running).toBe(true);
      const env = ["inspect", container?.id ?? "", "--format", "{{json .Config.Env}}"];
      expect(JSON.parse(await dockerCommand(engineSocket)!.output(env))).toEqual(
        expect.arrayContaining(["DOCKER_RESOURCE_GPU=UUID1,UUID2", "DOCKER_RESOURCE_SSD=3"]),
      );
    });
    const assigned = ["--format", "{{json .AssignedGenericResources}}"];
    const [task = ""] = (await docker.output(["service", "ps", "-q", "train"])).split("\n");
    expect(await docker.output(["inspect", "--type", "task", ...assigned, task])).toContain(
      '{"NamedResourceSpec":{"Kind":"gpu","Value":"UUID2"}}',
    );

    await docker.output([...CREATE, "--name", "more", ...sleep]);
    await settles(async () => {
      expect(await docker.output(["service", "ps", "--no-trunc", "more"])).toContain(
        "insufficient resources (gpu, ssd) on 1 node",
      );
    });
    await docker.output(["service", "rm", "train"]);
    await settles(async () => {
      expect(await docker.output(["service", "ls"])).toMatch(/more\s+replicated\s+1\/1/);
    });
  });
});
