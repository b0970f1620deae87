/**
 * Whether names, virtual addresses, published ports and entries of a laboratory's hosts are what the
 * cluster's tasks are: asked of each host's answerer of names and of each host's kernel. A task that
 * changed a moment ago may be known already, or not yet.
 */
import { macOf } from "../network/two-hosts.js";
import { ADDRESS_OF, type Host, HOSTS, type LabServices } from "./lab-services.js";

/** DESIGN: names are right within a second of a change. */
const KNOWN_WITHIN_MS = 1_000;

/** The service that is asked about, on these networks, and one with a task on each host that asks. */
export interface Asked {
  readonly service: string;
  readonly port: number;
  readonly network: string;
  readonly asker: string;
}

interface ShownTask {
  readonly NodeID?: string;
  readonly UpdatedAt: string;
  readonly DesiredState: string;
  readonly Status: { readonly State: string; readonly Message: string };
  readonly NetworksAttachments?: readonly {
    readonly Network: { readonly Spec: { readonly Name: string } };
    readonly Addresses: readonly string[];
  }[];
}

interface ShownNode {
  readonly ID: string;
  readonly UpdatedAt: string;
  readonly Description: { readonly Hostname: Host };
  readonly Status: { readonly State: string };
}

/** What a host has. */
interface Held {
  readonly names: readonly string[];
  readonly virtual: readonly string[];
  readonly published: readonly string[];
  readonly forwarding: readonly string[];
}

/** Run in the namespace of a task, and prints as JSON what its host and itself have. */
const HELD = `
const [gateway, service, vip, port] = process.argv.slice(1);
const said = (...words) => new Promise((resolve) =>
  require("child_process").execFile(words[0], words.slice(1), (_error, stdout) => resolve(stdout)));
const onHost = ["nsenter", "--target", "1", "--net", "--"];
const resolver = new (require("dns").promises.Resolver)({ timeout: 500, tries: 1 });
resolver.setServers([gateway]);
const all = (text, pattern) => [...text.matchAll(pattern)].map((found) => found.slice(1).join(" ")).sort();
const ADDRESS = "((?:\\\\d+\\\\.){3}\\\\d+)";
Promise.all([
  resolver.resolve4("tasks." + service).catch(() => []),
  said("nft", "list", "table", "ip", "skep_vip"),
  said(...onHost, "nft", "list", "chain", "ip", "skep", "tcp_" + port),
  said(...onHost, "bridge", "fdb", "show"),
]).then(([names, rules, chain, entries]) => console.log(JSON.stringify({
  names: names.sort(),
  virtual: all(rules, new RegExp(vip.replaceAll(".", "[.]") + " [.] \\\\S+ : " + ADDRESS, "g")),
  published: all(chain, new RegExp(ADDRESS, "g")),
  forwarding: all(entries, /^(\\S+) dev skvx.* dst (\\S+)/gm),
})));
`;

export class LabReach {
  readonly #on: LabServices;
  readonly #asked: Asked;
  readonly #askers: ReadonlyMap<Host, readonly [string, string]>;
  readonly #vip: string;

  static async of(on: LabServices, asked: Asked): Promise<LabReach> {
    const askers = await on.containersOf(asked.asker, asked.network);
    const found = askers.map(async ({ host, id }) => {
      const pid = await on.run(host, ["docker", "inspect", "--format", "{{.State.Pid}}", id]);
      const script = "sed -n 's/^nameserver //p' /etc/resolv.conf | head -n 1";
      const gateway = await on.run(host, ["docker", "exec", id, "sh", "-c", script]);
      return [host, [pid, gateway]] as const;
    });
    const vip = await on.vipOf(asked.service, asked.network);
    return new LabReach(on, asked, new Map(await Promise.all(found)), vip);
  }

  private constructor(
    on: LabServices,
    asked: Asked,
    askers: ReadonlyMap<Host, readonly [string, string]>,
    vip: string,
  ) {
    this.#on = on;
    this.#asked = asked;
    this.#askers = askers;
    this.#vip = vip;
  }

  /** @returns what is not as the cluster's tasks are, on any of these hosts; nothing: all is right */
  async wrongs(hosts: readonly Host[] = HOSTS): Promise<string[]> {
    const beganMs = Date.now();
    const held = await Promise.all(
      hosts.map(async (host) => [host, await this.#heldOn(host)] as const),
    );
    const tasks = await this.#tasks(beganMs - KNOWN_WITHIN_MS);
    return held.flatMap(([host, has]) => this.#wrongsOf(host, has, tasks));
  }

  #wrongsOf(host: Host, has: Held, tasks: readonly PlacedTask[]): string[] {
    const compare = (what: string, seen: readonly string[], kind: "address" | "published") => {
      const due = tasks.filter(({ state }) => state === "serving").map((task) => task[kind]);
      const may = tasks.filter(({ state }) => state !== "silent").map((task) => task[kind]);
      return [
        ...due.filter((one) => !seen.includes(one)).map((one) => `${host} ${what} without ${one}`),
        ...seen.filter((one) => !may.includes(one)).map((one) => `${host} ${what} with ${one}`),
      ];
    };
    const entries = tasks
      .filter((task) => task.state === "serving" && task.host !== host)
      .map((task) => `${macOf(task.address)} ${ADDRESS_OF[task.host]}`);
    return [
      ...compare("names", has.names, "address"),
      ...compare("virtual", has.virtual, "address"),
      ...compare("published", has.published, "published"),
      ...entries
        .filter((entry) => !has.forwarding.includes(entry))
        .map((entry) => `${host} without entry ${entry}`),
    ];
  }

  async #heldOn(host: Host): Promise<Held> {
    const [pid = "", gateway = ""] = this.#askers.get(host) ?? [];
    const { port, service } = this.#asked;
    const inTask = ["nsenter", "--target", pid, "--net", "--"] as const;
    const words = [process.execPath, "-e", HELD, gateway, service, this.#vip, String(port)];
    return JSON.parse(await this.#on.run(host, [...inTask, ...words])) as Held;
  }

  /** By a manager's word. @param knownMs when they last changed that all must know of, Unix time */
  async #tasks(knownMs: number): Promise<readonly PlacedTask[]> {
    const filters = { service: [this.#asked.service] };
    const query = encodeURIComponent(JSON.stringify(filters));
    const [tasks, nodes] = await Promise.all([
      this.#on.get<readonly ShownTask[]>(`/tasks?filters=${query}`),
      this.#on.get<readonly ShownNode[]>("/nodes"),
    ]);
    const nodesById = new Map(nodes.map((node) => [node.ID, node]));
    return tasks.flatMap((task) => {
      const { NetworksAttachments: all = [] } = task;
      const node = nodesById.get(task.NodeID ?? "");
      if (node === undefined) return [];
      const on = (name: string): string =>
        all.find(({ Network }) => Network.Spec.Name === name)?.Addresses[0]?.split("/")[0] ?? "";
      const isServing =
        task.DesiredState === "running" &&
        task.Status.State === "running" &&
        task.Status.Message !== "unhealthy" &&
        node.Status.State !== "down";
      const steady = isServing ? "serving" : "silent";
      const changedMs = Math.max(Date.parse(task.UpdatedAt), Date.parse(node.UpdatedAt));
      const state = changedMs > knownMs ? "changing" : steady;
      const host = node.Description.Hostname;
      return [{ host, state, address: on(this.#asked.network), published: on("ingress") }];
    });
  }
}

interface PlacedTask {
  readonly host: Host;
  readonly state: "serving" | "changing" | "silent";
  readonly address: string;
  readonly published: string;
}
