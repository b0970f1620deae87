// What hosts have of their own beside the cluster's networks: routes that no network may take, and a
// way between them that is another one than that of the managers.
import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import { type DockerCommand, dockerCommand } from "../setup/docker-command.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { labFolder } from "./lab-traces.js";

const HOSTS = ["host1", "host2"] as const;
const DATA = { host1: "10.77.0.1", host2: "10.77.0.2" } as const;

describeWithLab("hosts with routes of their own", () => {
  let lab: Laboratory;
  let docker: DockerCommand;
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 2 });
    for (const host of HOSTS)
      await on(
        host,
        `ip address add ${DATA[host]}/24 dev eth0 && ip route add 10.240.0.0/14 via 10.77.0.9`,
      );
    docker = dockerCommand(lab.host("host1").skepSocket)!;
    const address = lab.host("host1").address;
    const init = ["swarm", "init", "--advertise-addr", address, "--data-path-addr", DATA.host1];
    await docker.output(init);
    const token = await docker.output(["swarm", "join-token", "--quiet", "worker"]);
    const join = ["swarm", "join", "--data-path-addr", DATA.host2, "--token", token, address];
    await dockerCommand(lab.host("host2").skepSocket)!.output(join);
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  async function on(host: string, script: string): Promise<string> {
    const { status, stdout, stderr } = await lab.exec(host, ["sh", "-c", script]);
    if (status !== 0) throw new Error(`${script} on ${host}: ${stderr}`);
    return stdout.trim();
  }

  test("no network is put where a host's route leads", async () => {
    const subnet = ["network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}"];
    expect(await docker.output([...subnet, "ingress"])).toMatch(/^10\.24[4-9]\./);
    await settles(async () => {
      const routes = await on("host1", "skep node inspect host2");
      expect(JSON.parse(routes)).toMatchObject([
        { Description: { Network: { DataPathAddr: DATA.host2 } } },
      ]);
      expect(routes).toContain("10.240.0.0/14");
    });
    await docker.output(["network", "create", "-d", "overlay", "front"]);
    expect(await docker.output([...subnet, "front"])).toMatch(/^10\.24[4-9]\./);
    const create = ["network", "create", "-d", "overlay", "--subnet", "10.241.0.0/24", "taken"];
    const { code, stderr } = await docker.run(create);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /invalid subnet 10\.241\.0\.0\/24: node host[12] has a route of its own to 10\.240\.0\.0\/14/,
      ),
    ]);
  });

  test("what tasks send each other goes by the data path", async () => {
    const create = ["service", "create", "--detach", "--no-resolve-image", "--name", "web"];
    const serve = ["sh", "-c", "hostname > /index.html; exec httpd -f -p 80 -h /"];
    await docker.output([
      ...create,
      "--network",
      "front",
      "--mode",
      "global",
      "skep/busybox:1",
      ...serve,
    ]);
    await settles(async () => {
      const listed = await docker.output(["service", "ls", "--format", "{{.Replicas}}"]);
      expect(listed).toBe("2/2");
    });
    for (const host of HOSTS) {
      const other = host === "host1" ? DATA.host2 : DATA.host1;
      expect(await on(host, "ip -details link show type vxlan")).toContain(`local ${DATA[host]}`);
      expect(await on(host, "bridge fdb show")).toContain(`dst ${other}`);
      const ask =
        "for i in 1 2 3 4 5 6 7 8; do printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 web 80 | tail -n 1; done";
      const container = await on(host, "docker ps --quiet --filter name=web");
      const names = (await on(host, `docker exec ${container} sh -c "${ask}"`)).split("\n");
      expect(new Set(names).size).toBe(2);
    }
  });
});
