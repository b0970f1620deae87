// Networks of a whole cluster on real hosts: packets, names and published ports, by the word of
// those who send and ask. What is declared is declared with the official docker CLI.
import { afterAll, beforeAll, expect, test } from "vitest";

import { Laboratory } from "../../deploy/lab/laboratory.js";
import { type Answers, requesting } from "../network/requests.js";
import { dockerCommand } from "../setup/docker-command.js";
import { describeWithLab } from "../setup/requirements.js";
import { settles } from "./eventually.js";
import { labFolder } from "./lab-traces.js";

const IMAGE = "skep/busybox:1";
const HOSTS = ["host1", "host2", "host3"] as const;
type Host = (typeof HOSTS)[number];
const ADDRESS_OF = { host1: "192.168.77.1", host2: "192.168.77.2", host3: "192.168.77.3" };
/** Serves its own name. */
const SERVE = ["sh", "-c", "hostname > /index.html; exec httpd -f -p 80 -h /"];
const BRISK = ["--stop-grace-period", "3s", "--restart-delay", "100ms"];
const REPLICAS = 30;
const CONNECTIONS = 3_000;
/** DESIGN: each backend gets an even share, within ten in a hundred. */
const SPREAD_TOLERANCE = 0.1;

interface Container {
  readonly host: Host;
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

describeWithLab("networks of three hosts", () => {
  let lab: Laboratory;
  const dir = labFolder();

  beforeAll(async () => {
    lab = await Laboratory.up({ dir, hosts: 3, managers: 1 });
    for (const name of ["front", "back"])
      await docker(["network", "create", "-d", "overlay", name]);
    const replicas = ["--replicas", String(REPLICAS)];
    await serve("web", ["--network", "front", "--publish", "8080:80", ...replicas]);
    await serve("secret", ["--network", "back", "--replicas", "3"]);
    await serve("app", ["--network", "front", "--publish", "8081:80", "--replicas", "3"]);
    await allRun({ web: REPLICAS, secret: 3, app: 3 });
  });

  afterAll(async () => {
    await Laboratory.clear(dir);
  });

  function docker(words: string[]): Promise<string> {
    return dockerCommand(lab.host("host1").skepSocket)!.output(words);
  }

  async function serve(name: string, flags: string[]): Promise<void> {
    const create = ["service", "create", "--detach", "--no-resolve-image", "--name", name];
    await docker([...create, ...BRISK, ...flags, IMAGE, ...SERVE]);
  }

  async function allRun(services: Record<string, number>): Promise<void> {
    const wanted = Object.entries(services).map(([name, count]) => `${name} ${count}/${count}`);
    await settles(async () => {
      const listed = await docker(["service", "ls", "--format", "{{.Name}} {{.Replicas}}"]);
      expect(listed.split("\n").sort()).toEqual(wanted.sort());
    });
  }

  async function run(host: Host, words: [string, ...string[]]): Promise<string> {
    const { status, stdout, stderr } = await lab.exec(host, words);
    if (status !== 0) throw new Error(`${words[0]} on ${host} ended with ${status}: ${stderr}`);
    return stdout.trim();
  }

  async function containersOf(service: string, network: string): Promise<Container[]> {
    const networkId = await docker(["network", "inspect", "--format", "{{.ID}}", network]);
    const format = `{{.Id}} {{.Name}} {{(index .NetworkSettings.Networks "skep-${networkId}").IPAddress}}`;
    const found = HOSTS.map(async (host) => {
      const list = `docker ps --quiet --filter name=${service}. | xargs -r docker inspect --format '${format}'`;
      const lines = (await run(host, ["sh", "-c", list])).split("\n").filter(Boolean);
      return lines.map((line) => {
        const [id = "", name = "", address = ""] = line.split(" ");
        return { host, id, name: name.slice(1), address };
      });
    });
    return (await Promise.all(found)).flat();
  }

  function within({ host, id }: Container, script: string): Promise<string> {
    return run(host, ["docker", "exec", id, "sh", "-c", script]);
  }

  async function answersTo(host: Host, requests: Parameters<typeof requesting>[0]) {
    return JSON.parse(await run(host, requesting(requests))) as Answers;
  }

  async function vipOf(service: string, network: string): Promise<string> {
    const networkId = await docker(["network", "inspect", "--format", "{{.ID}}", network]);
    const format = "{{range .Endpoint.VirtualIPs}}{{.NetworkID}} {{.Addr}}\n{{end}}";
    const listed = await docker(["service", "inspect", "--format", format, service]);
    const [, vip = ""] = new RegExp(`^${networkId} ([0-9.]+)/`, "m").exec(listed) ?? [];
    return vip;
  }

  test("all pairs of 30 tasks reach each other by address, by name and by the VIP", async () => {
    const tasks = await containersOf("web", "front");
    expect(tasks).toHaveLength(REPLICAS);
    const ask = (to: string): string =>
      `printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${to} 80 | tail -n 1`;
    const targets = [...tasks.map(({ address }) => address), ...tasks.map(({ name }) => name)];
    const script = [...targets, "web", "web.front"].map((to) => `${ask(to)};`).join(" ");
    const ids = tasks.map(({ id }) => id.slice(0, 12));
    for (const task of tasks) {
      const said = (await within(task, script)).split("\n");
      expect(said.slice(0, 2 * REPLICAS)).toEqual([...ids, ...ids]);
      for (const id of said.slice(2 * REPLICAS)) expect(ids).toContain(id);
      expect(said).toHaveLength(2 * REPLICAS + 2);
    }
    const [first] = tasks;
    expect(await within(first!, "nslookup tasks.app | grep -c ^Name:")).toBe("3");
  });

  test.each(HOSTS)("%s answers the published port, and spreads over all tasks", async (host) => {
    const [from] = HOSTS.filter((other) => other !== host);
    const evenShare = CONNECTIONS / REPLICAS;
    for (const [at, name] of [[from!, ADDRESS_OF[host]] as const, [host, "127.0.0.1"] as const]) {
      const url = `http://${name}:8080/`;
      const { answers, failures } = await answersTo(at, { url, count: CONNECTIONS, perSecond: 0 });
      expect(failures).toEqual({});
      expect(Object.keys(answers)).toHaveLength(REPLICAS);
      for (const count of Object.values(answers)) {
        expect(Math.abs(count - evenShare)).toBeLessThanOrEqual(evenShare * SPREAD_TOLERANCE);
      }
    }
  });

  test("a service on another network cannot be reached, by name or by address", async () => {
    const [outsider] = await containersOf("secret", "back");
    const insiders = (await containersOf("web", "front")).slice(0, 3);
    const addresses = [...insiders.map(({ address }) => address), await vipOf("web", "front")];
    const names = ["web", "tasks.web", "web.front", insiders[0]!.name];
    for (const name of names) {
      expect(await within(outsider!, `nslookup ${name} >/dev/null && echo found; true`)).toBe("");
    }
    for (const address of addresses) {
      const dial = `nc -w 1 ${address} 80 </dev/null && echo reached; true`;
      expect(await within(outsider!, dial)).toBe("");
    }
    expect(await within(insiders[0]!, "nslookup secret >/dev/null && echo found; true")).toBe("");
  });
});
