/**
 * `skep network trace`: the way from a task to a name and port. What the cluster has of it is told
 * anywhere; what the kernel has, and whether packets come back, on the host that the task runs on.
 */
import type { NetworkInspect } from "../../../shared/docker-api/network.js";
import type { Node } from "../../../shared/docker-api/node-spec.js";
import type { Task } from "../../../shared/docker-api/task.js";
import type { Client } from "../../client.js";
import { defineCommand } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { BadValueError, PartialFailureError } from "../../errors.js";
import { findTarget, type Target, type TracedNetwork, wayTo } from "./trace-path.js";
import { NamespaceProbe, type Probe } from "./trace-probe.js";

const PORT_MAX = 65_535;
const VXLANS_OPTION = "com.docker.network.driver.overlay.vxlanid_list";
/** Answers that came from the other side. */
const ANSWERS: ReadonlyMap<string, string> = new Map([
  ["connected", "one comes back"],
  ["ECONNREFUSED", "one comes back: nobody listens there"],
  ["ECONNRESET", "one comes back: the connection was broken off"],
]);

export const traceCommand = defineCommand({
  name: "trace",
  summary: "Tell the way from a task to a service, and whether packets come back",
  synopsis: "TASK|SERVICE NAME:PORT",
  arguments: { min: 2, max: 2 },
  completion: namesOf("service"),
  flags: {},
  async run({ client, stdout }, { args: [reference = "", to = ""] }) {
    const { host, port } = targetOf(to);
    const task = await taskOf(client, reference);
    const { Description } = await client.call<Node>("GET", `/nodes/${task.NodeID ?? ""}`);
    const fromHost = Description.Hostname ?? "";
    const networks = await networksOf(client, task);
    const names = networks.map(({ name }) => name).join(", ");
    printLine(stdout, `from     ${task.Name ?? task.ID} on ${fromHost}, on ${names}`);
    const target = findTarget(host, networks);
    if (target === undefined)
      throw new BadValueError(
        `no network of it (${names}) knows ${host}: the question goes to the resolvers of ${fromHost}`,
      );
    printLine(stdout, `name     ${target.meaning}`);
    for (const stop of target.stops)
      printLine(
        stdout,
        `task     ${stop.name}, ${stop.address}, ${stop.state}: ${wayTo(stop, fromHost, target.network)}`,
      );
    const pid = await pidHere(client, task);
    if (pid === undefined) {
      printLine(
        stdout,
        `packets  not tried: ${task.Name ?? task.ID} runs on ${fromHost}, ask there`,
      );
      return;
    }
    const lines = await probed(new NamespaceProbe(pid), target, port);
    for (const { text } of lines) printLine(stdout, text);
    const lost = lines.filter(({ isLost }) => isLost);
    if (lost.length > 0)
      throw new PartialFailureError([`${lost.length} of them did not come back`]);
  },
});

function targetOf(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(":");
  const port = Number(text.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > PORT_MAX)
    throw new BadValueError(`invalid target ${text}: want NAME:PORT or ADDRESS:PORT`);
  return { host: text.slice(0, at), port };
}

/** Of a service: one that runs here, or else the first that runs. */
async function taskOf(client: Client, reference: string): Promise<Task> {
  const here = await tasksHere(client);
  const running = { "desired-state": { running: true } };
  const ofService = JSON.stringify({ service: { [reference]: true }, ...running });
  const tasks = await client.call<Task[]>("GET", "/tasks", { query: { filters: ofService } });
  const [first, ...others] = tasks.filter(({ Status }) => Status.State === "running");
  const chosen =
    [first, ...others].find((task) => task !== undefined && here.has(task.ID)) ?? first;
  return chosen ?? (await client.call<Task>("GET", `/tasks/${encodeURIComponent(reference)}`));
}

async function networksOf(client: Client, task: Task): Promise<readonly TracedNetwork[]> {
  const ids = (task.NetworksAttachments ?? []).flatMap(({ Network }) => Network?.ID ?? []);
  const shown = ids.map((id) =>
    client.call<NetworkInspect>("GET", `/networks/${id}`, { query: { verbose: true } }),
  );
  return (await Promise.all(shown))
    .filter(({ Ingress }) => Ingress !== true)
    .map(({ Name, Options, Peers, Services }) => ({
      name: Name,
      vni: Number(Options?.[VXLANS_OPTION]),
      services: Services ?? {},
      peers: Peers ?? [],
    }));
}

const TASK_LABEL = "com.docker.swarm.task.id";

/** By the engine of the host that is asked. */
async function tasksHere(client: Client): Promise<ReadonlySet<string>> {
  const query = { filters: JSON.stringify({ label: { [TASK_LABEL]: true } }) };
  const found = await client.call<Container[]>("GET", "/containers/json", { query });
  return new Set(found.flatMap(({ Labels }) => Labels?.[TASK_LABEL] ?? []));
}

interface Container {
  readonly Id: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly State?: { readonly Pid?: number };
}

/** Undefined where it does not run on this host. */
async function pidHere(client: Client, { ID: id }: Task): Promise<number | undefined> {
  const filters = JSON.stringify({ label: { [`${TASK_LABEL}=${id}`]: true } });
  const query = { filters };
  const [found] = await client.call<Container[]>("GET", "/containers/json", { query });
  if (found === undefined) return undefined;
  const { State } = await client.call<Container>("GET", `/containers/${found.Id}/json`);
  return State?.Pid === 0 ? undefined : State?.Pid;
}

interface Probed {
  readonly text: string;
  readonly isLost: boolean;
}

async function probed(
  probe: NamespaceProbe,
  { vip, stops }: Target,
  port: number,
): Promise<readonly Probed[]> {
  const rules = vip === undefined ? [] : [ruleLine(vip, await probe.backendsOf(vip))];
  const addresses = [...(vip === undefined ? [] : [vip]), ...stops.map(({ address }) => address)];
  const packets = addresses.map(async (address) =>
    packetLine(`${address}:${port}`, await probe.connect(address, port)),
  );
  return [...rules, ...(await Promise.all(packets))];
}

function ruleLine(vip: string, backends: readonly string[] | undefined): Probed {
  const head = `rule     in its namespace, table skep_vip: ${vip}`;
  if (backends === undefined) return { text: `${head} is not there`, isLost: true };
  if (backends.length === 0) return { text: `${head} is refused, it has no tasks`, isLost: false };
  return { text: `${head} to ${backends.join(", ")}, by chance`, isLost: false };
}

function packetLine(to: string, { word, ms, from }: Probe): Probed {
  const answer = ANSWERS.get(word);
  const said = answer ?? `nothing comes back (${word})`;
  const source = from === "" ? "" : `, sent from ${from}`;
  return { text: `packet   to ${to}: ${said}, ${ms} ms${source}`, isLost: answer === undefined };
}
