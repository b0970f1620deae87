// Many services published at once, on real hosts: each answers on its port of every host. With so
// many tasks at hand, a network of 256 addresses is filled to the last.
import { request } from "node:http";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import type { Service } from "../../shared/docker-api/service-spec.js";
import { describeWithLab } from "../setup/requirements.js";
import { eventually, settles } from "./eventually.js";
import { LabServices } from "./lab-services.js";
import { labFolder } from "./lab-traces.js";

const SERVICES = 300;
const FIRST_PORT = 20_000;
/** Two engines on two cores start so many containers within half a minute; a busy machine is slower. */
const PATIENCE_MS = 400_000;
const MINUTE_MS = 60_000;
const PORTS = Array.from({ length: SERVICES }, (_, at) => FIRST_PORT + at);

const FULL = { name: "full", subnet: "10.72.0.0/24", addresses: 253 };
const HOSTS = 3;
/** So many of the services have a virtual address and a task on that network. */
const SERVICES_ON_IT = 115;
const SERVICE_ADDRESSES = 2;
/** So many tasks have an address on it and nothing else; more than it has room for. */
const REST = 30;
const ROOM = FULL.addresses - HOSTS - SERVICES_ON_IT * SERVICE_ADDRESSES;

function specOf(port: number, networks: readonly string[]): object {
  const serve = `echo s${port} > /index.html; exec httpd -f -p 80 -h /`;
  const ContainerSpec = {
    Image: "skep/busybox:1",
    Command: ["sh", "-c", serve],
    StopGracePeriod: 0,
  };
  return {
    Name: `s${port}`,
    TaskTemplate: { ContainerSpec, Networks: networks.map((Target) => ({ Target })) },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Ports: [{ TargetPort: 80, PublishedPort: port, PublishMode: "ingress" }] },
  };
}

describeWithLab("many published ports", () => {
  let lab: Laboratory;
  let on: LabServices;
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 3, managers: 1, liveRestore: "mixed" });
    on = new LabServices(lab);
    await on.firewallsAreUsual();
    await on.docker(["network", "create", "-d", "overlay", "--subnet", FULL.subnet, FULL.name]);
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  function call(method: string, path: string, body = ""): Promise<string> {
    const { skepSocket: socketPath } = lab.host("host1");
    const headers = { "content-type": "application/json" };
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath, method, path, headers }, (answer) => {
        text(answer).then(resolve, reject);
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }

  async function runningOf(isCounted: (name: string) => boolean): Promise<number> {
    const services = JSON.parse(await call("GET", "/services?status=true")) as Service[];
    const counted = services.filter(({ Spec }) => isCounted(Spec.Name ?? ""));
    return counted.reduce((sum, { ServiceStatus }) => sum + (ServiceStatus?.RunningTasks ?? 0), 0);
  }

  async function published(ports: readonly number[]): Promise<void> {
    const running = (): Promise<number> => runningOf((name) => name !== "rest");
    const all = async (): Promise<true | undefined> =>
      (await running()) === ports.length ? true : undefined;
    await eventually("all of them run", all, PATIENCE_MS);
    const [first, last] = [ports[0], ports.at(-1)];
    for (const to of [...lab.hosts.map(({ address }) => address), "127.0.0.1"]) {
      const ask = `for p in $(seq ${first} ${last}); do curl -s -m 5 http://${to}:$p/; done`;
      const { stdout } = await lab.exec("host2", ["sh", "-c", ask]);
      expect(stdout.trim().split("\n"), to).toEqual(ports.map((port) => `s${port}`));
    }
  }

  test(
    `${SERVICES} services published at once are all answered, by every host and its loopback`,
    { timeout: 2 * PATIENCE_MS },
    async () => {
      const made = PORTS.map((port, at) => {
        const spec = specOf(port, at < SERVICES_ON_IT ? [FULL.name] : []);
        return call("POST", "/services/create", JSON.stringify(spec));
      });
      for (const answer of await Promise.all(made)) expect(answer).toContain('"ID"');
      await published(PORTS);
    },
  );

  test(
    "a network is filled to the last address; the next task says so, and runs once one is freed",
    { timeout: 2 * PATIENCE_MS },
    async () => {
      const flags = ["--network", FULL.name, "--endpoint-mode", "dnsrr"];
      await on.serve("rest", [...flags, "--replicas", String(REST)], ["sleep", "10000"]);
      const errors = ["service", "ps", "--no-trunc", "--format", "{{.Error}}", "rest"];
      const says = `network ${FULL.name} is full: the ${FULL.addresses} addresses of ${FULL.subnet} are in use; add a subnet to it (skep network update --subnet-add CIDR ${FULL.name}) or run fewer tasks on it`;
      const run = (count: number): Promise<void> =>
        settles(async () => {
          expect(await runningOf((name) => name === "rest")).toBe(count);
          const said = (await on.docker(errors)).split("\n").filter(Boolean);
          expect(said.filter((error) => error.includes(says))).toHaveLength(REST - count);
        });
      await run(ROOM);
      const [first, ...others] = PORTS;
      await on.docker(["service", "rm", `s${first}`]);
      await published(others);
      // An address rests for a minute.
      await eventually(
        "what was freed is used",
        async () => {
          const running = await runningOf((name) => name === "rest");
          return running === ROOM + SERVICE_ADDRESSES ? true : undefined;
        },
        2 * MINUTE_MS,
      );
      await run(ROOM + SERVICE_ADDRESSES);
    },
  );
});
