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

/** Its own name, and who asks. */
const SERVE = [
  "mkdir -p /cgi-bin",
  "printf '#!/bin/sh\\necho; echo $REMOTE_ADDR\\n' > /cgi-bin/who",
  "chmod +x /cgi-bin/who",
  "hostname > /index.html",
  "exec httpd -f -p 80 -h /",
].join("; ");

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

  test("a route that comes later is known soon, and that it is gone again", async () => {
    const create = ["network", "create", "-d", "overlay", "--subnet", "10.250.7.0/24", "later"];
    const routes = async (): Promise<string> => await on("host1", "skep node inspect host2");
    await on("host2", "ip route add 10.250.0.0/18 via 10.77.0.9");
    await settles(async () => expect(await routes()).toContain("10.250.0.0/18"));
    expect(await docker.run(create)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("node host2 has a route of its own to 10.250.0.0/18"),
    });
    await on("host2", "ip route delete 10.250.0.0/18");
    await settles(async () => expect(await routes()).not.toContain("10.250.0.0/18"));
    await docker.output(create);
    await docker.output(["network", "rm", "later"]);
  });

  test("what tasks send each other goes by the data path", async () => {
    const create = ["service", "create", "--detach", "--no-resolve-image", "--name", "web"];
    const on2 = ["--network", "front", "--network", "six", "--mode", "global"];
    const six = ["network", "create", "-d", "overlay", "--ipv6", "--subnet", "fd00:77::/64", "six"];
    await docker.output(six);
    const published = ["--publish", "8080:80"];
    await docker.output([...create, ...on2, ...published, "skep/busybox:1", "sh", "-c", SERVE]);
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

  test("a port with the option local keeps the client's address, where the host has tasks", async () => {
    const [first, second] = lab.hosts;
    const ask = `curl -s http://${first!.address}:8080/cgi-bin/who`;
    expect(await on("host2", ask)).not.toContain(second!.address);
    const update = ["service", "update", "--detach", "--label-add"];
    await docker.output([...update, "skep.publish.local=8080", "web"]);
    await settles(async () => {
      expect(await on("host2", ask)).toContain(second!.address);
    });
    const { stderr } = await docker.run([...update, "skep.publish.local=web", "web"]);
    expect(stderr).toContain("want published ports as 8080,53/udp");
  });

  test("a trace tells the rule, the way and what comes back, over IPv6 too", async () => {
    const traced = await on("host1", "skep network trace web web.front:80");
    expect(traced).toMatch(/name {5}10\.\S+ is the virtual address of service web on front/);
    expect(traced).toMatch(/task .*: same host, over the bridge skep\d+\n/);
    expect(traced).toMatch(/task .*: host2 \(10\.77\.0\.2\), .* the VXLAN device skvx\d+/);
    expect(traced).toMatch(/rule .*table skep_vip: \S+ to 10\.\S+, 10\.\S+, by chance/);
    expect(traced.match(/one comes back, \d+ ms, sent from 10\./g)).toHaveLength(3);
    const refused = await on("host1", "skep network trace web web.front:81");
    expect(refused.match(/one comes back: nobody listens there/g)).toHaveLength(3);

    const inspect = ["service", "inspect", "--format", "{{json .Endpoint.VirtualIPs}}", "web"];
    const [, vip = ""] = /"(fd00:77::\d+)\/64"/.exec(await docker.output(inspect)) ?? [];
    const six = await on("host1", `skep network trace web ${vip}:80`);
    expect(six.match(/one comes back, \d+ ms, sent from fd00:77::/g)).toHaveLength(3);
    const container = await on("host1", "docker ps --quiet --filter name=web");
    const lookup = `docker exec ${container} nslookup -type=aaaa tasks.web.six`;
    expect((await on("host1", lookup)).match(/Address: fd00:77::/g)).toHaveLength(2);
  });
});
