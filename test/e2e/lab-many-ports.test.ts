// Many services published at once, on real hosts: each answers on its port of every host.
import { request } from "node:http";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import type { Service } from "../../shared/docker-api/service-spec.js";
import { describeWithLab } from "../setup/requirements.js";
import { eventually } from "./eventually.js";
import { LabServices } from "./lab-services.js";
import { labFolder } from "./lab-traces.js";

const SERVICES = 300;
const FIRST_PORT = 20_000;
/** Two engines on two cores start so many containers within half a minute; a busy machine is slower. */
const PATIENCE_MS = 400_000;
const PORTS = Array.from({ length: SERVICES }, (_, at) => FIRST_PORT + at);

function specOf(port: number): object {
  const serve = `echo s${port} > /index.html; exec httpd -f -p 80 -h /`;
  const ContainerSpec = {
    Image: "skep/busybox:1",
    Command: ["sh", "-c", serve],
    StopGracePeriod: 0,
  };
  return {
    Name: `s${port}`,
    TaskTemplate: { ContainerSpec },
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Ports: [{ TargetPort: 80, PublishedPort: port, PublishMode: "ingress" }] },
  };
}

describeWithLab("many published ports", () => {
  let lab: Laboratory;
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 3, managers: 1, liveRestore: "mixed" });
    await new LabServices(lab).firewallsAreUsual();
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

  test(
    `${SERVICES} services published at once are all answered, by every host and its loopback`,
    { timeout: 2 * PATIENCE_MS },
    async () => {
      const made = PORTS.map((port) =>
        call("POST", "/services/create", JSON.stringify(specOf(port))),
      );
      for (const answer of await Promise.all(made)) expect(answer).toContain('"ID"');
      await eventually(
        "all of them run",
        async () => {
          const services = JSON.parse(await call("GET", "/services?status=true")) as Service[];
          const running = services.filter(({ ServiceStatus: s }) => s?.RunningTasks === 1);
          return running.length === SERVICES ? true : undefined;
        },
        PATIENCE_MS,
      );
      const last = FIRST_PORT + SERVICES - 1;
      for (const to of [...lab.hosts.map(({ address }) => address), "127.0.0.1"]) {
        const ask = `for p in $(seq ${FIRST_PORT} ${last}); do curl -s -m 5 http://${to}:$p/; done`;
        const { stdout } = await lab.exec("host2", ["sh", "-c", ask]);
        expect(stdout.trim().split("\n"), to).toEqual(PORTS.map((port) => `s${port}`));
      }
    },
  );
});
