/**
 * Services on a laboratory's hosts, declared with the official docker command line, and who answers
 * from where: by the word of engines and of those who ask.
 */
import { expect } from "vitest";

import type { Laboratory } from "../../deploy/lab/laboratory.js";
import { type Answers, requesting, type Requests } from "../network/requests.js";
import { callApi } from "../setup/api-client.js";
import { dockerCommand } from "../setup/docker-command.js";
import { settles } from "./eventually.js";

export const HOSTS = ["host1", "host2", "host3"] as const;
export type Host = (typeof HOSTS)[number];
export const ADDRESS_OF = {
  host1: "192.168.77.1",
  host2: "192.168.77.2",
  host3: "192.168.77.3",
} as const;

const IMAGE = "skep/busybox:1";
/** Serves its own name. */
const SERVE = ["sh", "-c", "hostname > /index.html; exec httpd -f -p 80 -h /"];
/** Flags that lend a service the machine's Node. */
export const WITH_NODE = [process.execPath, "/lib", "/lib64"].flatMap((path) => [
  "--mount",
  `type=bind,source=${path},target=${path},readonly`,
]);
const BRISK = ["--stop-grace-period", "3s", "--restart-delay", "100ms"];

export interface Container {
  readonly host: Host;
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

export class LabServices {
  readonly #lab: Laboratory;
  readonly #manager: Host;

  /**
   * @param lab of three hosts
   * @param manager the one that is asked
   */
  constructor(lab: Laboratory, manager: Host = "host1") {
    this.#lab = lab;
    this.#manager = manager;
  }

  docker(words: readonly string[]): Promise<string> {
    return dockerCommand(this.#lab.host(this.#manager).skepSocket)!.output([...words]);
  }

  /** What the manager's API answers. */
  async get<T>(path: string): Promise<T> {
    const { json } = await callApi(this.#lab.host(this.#manager).skepSocket, { path });
    return json as T;
  }

  async serve(name: string, flags: readonly string[], words: readonly string[] = SERVE) {
    const create = ["service", "create", "--detach", "--no-resolve-image", "--name", name];
    await this.docker([...create, ...BRISK, ...flags, IMAGE, ...words]);
  }

  /** Resolves once these and no others run, as many of each. */
  async allRun(services: Readonly<Record<string, number>>): Promise<void> {
    const wanted = Object.entries(services).map(([name, count]) => `${name} ${count}/${count}`);
    await settles(async () => {
      const listed = await this.docker(["service", "ls", "--format", "{{.Name}} {{.Replicas}}"]);
      expect(listed.split("\n").sort()).toEqual(wanted.sort());
    });
  }

  /**
   * The hosts' own firewall is in its usual state: what an engine does not know it drops, and what
   * bridges pass on is asked about, too.
   */
  async firewallsAreUsual(): Promise<void> {
    const ask = "iptables -S FORWARD | head -n 1; cat /proc/sys/net/bridge/bridge-nf-call-iptables";
    for (const host of HOSTS) {
      expect(await this.run(host, ["sh", "-c", ask]), host).toBe("-P FORWARD DROP\n1");
    }
  }

  async run(host: Host, words: readonly [string, ...string[]]): Promise<string> {
    const { status, stdout, stderr } = await this.#lab.exec(host, words);
    if (status !== 0) throw new Error(`${words[0]} on ${host} ended with ${status}: ${stderr}`);
    return stdout.trim();
  }

  async containersOf(service: string, network: string): Promise<Container[]> {
    const networkId = await this.#networkId(network);
    const format = `{{.Id}} {{.Name}} {{(index .NetworkSettings.Networks "skep-${networkId}").IPAddress}}`;
    const found = HOSTS.map(async (host) => {
      const list = `docker ps --quiet --filter name=${service}. | xargs -r docker inspect --format '${format}'`;
      const lines = (await this.run(host, ["sh", "-c", list])).split("\n").filter(Boolean);
      return lines.map((line) => {
        const [id = "", name = "", address = ""] = line.split(" ");
        return { host, id, name: name.slice(1), address };
      });
    });
    return (await Promise.all(found)).flat();
  }

  within({ host, id }: Container, script: string): Promise<string> {
    return this.run(host, ["docker", "exec", id, "sh", "-c", script]);
  }

  async answersTo(host: Host, requests: Requests): Promise<Answers> {
    return JSON.parse(await this.run(host, requesting(requests))) as Answers;
  }

  async answersIn(container: Container, requests: Requests): Promise<Answers> {
    return JSON.parse(await this.runInNetworkOf(container, requesting(requests))) as Answers;
  }

  /** From the namespace of a container, which has its rules, and not the host's. */
  async runInNetworkOf({ host, id }: Container, words: readonly string[]): Promise<string> {
    const pid = await this.run(host, ["docker", "inspect", "--format", "{{.State.Pid}}", id]);
    return this.run(host, ["nsenter", "--target", pid, "--net", "--", ...words]);
  }

  async vipOf(service: string, network: string): Promise<string> {
    const networkId = await this.#networkId(network);
    const format = "{{range .Endpoint.VirtualIPs}}{{.NetworkID}} {{.Addr}}\n{{end}}";
    const listed = await this.docker(["service", "inspect", "--format", format, service]);
    const [, vip = ""] = new RegExp(`^${networkId} ([0-9.]+)/`, "m").exec(listed) ?? [];
    return vip;
  }

  #networkId(network: string): Promise<string> {
    return this.docker(["network", "inspect", "--format", "{{.ID}}", network]);
  }
}
