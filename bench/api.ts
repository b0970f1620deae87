/**
 * How many writes a second a cluster of three managers takes through its REST API, and how soon a list is answered while
 * fifty people follow what they do. Clients and managers share the machine.
 */
import { systemClock } from "../shared/ports/system-clock.js";
import { EngineCalls } from "./engine-calls.js";
import type { Progress } from "./main.js";
import { runLoad } from "./raft/load.js";
import type { LoadOrder } from "./raft/member-messages.js";
import { median, type Report } from "./report.js";
import { ThreeManagers } from "./three-managers.js";

const IN_FLIGHT = 64;
const WARM_UP_MS = 1_000;
const DURATION_MS = 5_000;
const RUNS = 3;
const SERVICES = 100;
/** Enough that each is updated once at most: an update has to name the version that it read. */
const UPDATED = 8_000;
/** Each looks at its service and its tasks, as `docker service create` does while it waits. */
const DISPLAYS = 50;
const DISPLAY_EVERY_MS = 200;
/** Somebody who looks now and then. */
const LIST_EVERY_MS = 50;
const NEVER = new AbortController().signal;

interface Listed {
  readonly ID: string;
  readonly Spec: { readonly Name: string };
  readonly Version: { readonly Index: number };
}

export async function benchApi(progress: Progress): Promise<Report> {
  const managers = await ThreeManagers.start();
  try {
    const leader = new EngineCalls((await managers.leader()).socket);
    const other = managers.daemons.find(({ socket }) => socket !== leader.socketPath);
    const follower = new EngineCalls(other?.socket ?? "");
    const load = { inFlight: IN_FLIGHT, warmUpMs: WARM_UP_MS, durationMs: DURATION_MS };
    const lists = await listUnderDisplays(leader, load);
    progress(`lists: p50 ${lists.p50Ms.toFixed(1)} ms, p99 ${lists.p99Ms.toFixed(1)} ms`);
    const atLeader: number[] = [];
    const atFollower: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      atLeader.push(await writes(leader, `l${run}`, load));
      atFollower.push(await writes(follower, `f${run}`, load));
      progress(
        `writes: ${atLeader[run]?.toFixed(0)}/s, ${atFollower[run]?.toFixed(0)}/s through a follower`,
      );
    }
    leader.close();
    follower.close();
    return {
      bench: "api",
      figures: [
        {
          name: "writes_per_s_64",
          value: median(atLeader),
          unit: "/s",
          toReach: 2_000,
          note: "SwarmKit's store 970 tx/s",
        },
        { name: "writes_per_s_64_follower", value: median(atFollower), unit: "/s" },
        { name: "list_p50_ms", value: lists.p50Ms, unit: "ms" },
        { name: "list_p99_ms", value: lists.p99Ms, unit: "ms", toReach: 50 },
      ],
    };
  } finally {
    await managers.end();
  }
}

type Load = Pick<LoadOrder, "inFlight" | "warmUpMs" | "durationMs">;

/** Creates and updates of services without replicas, in turn. What is updated was made before. */
async function writes(api: EngineCalls, run: string, load: Load): Promise<number> {
  const known = await makeServices(api, `${run}-known`, UPDATED);
  let made = 0;
  const { perSecond } = await runLoad(load, async () => {
    const number = made++;
    const service = number % 2 === 0 ? undefined : known[(number - 1) / 2];
    if (service === undefined) {
      await api.call("POST", "/services/create", spec(`${run}-${number}`, "a"));
      return;
    }
    const { ID, Spec, Version } = service;
    await api.call("POST", `/services/${ID}/update?version=${Version.Index}`, spec(Spec.Name, "b"));
  });
  await removeServices(api);
  return perSecond;
}

/** So that each run finds what a cluster has, and not what the runs before it made. */
async function removeServices(api: EngineCalls): Promise<void> {
  const services = await api.call<Listed[]>("GET", "/services");
  const next = services[Symbol.iterator]();
  const remover = async (): Promise<void> => {
    for (const { ID } of next) await api.call("DELETE", `/services/${ID}`);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, remover));
}

async function makeServices(api: EngineCalls, name: string, count: number): Promise<Listed[]> {
  const names = Array.from({ length: count }, (_, i) => `${name}-${i}`);
  const next = names[Symbol.iterator]();
  const maker = async (): Promise<void> => {
    for (const one of next) await api.call("POST", "/services/create", spec(one, "a"));
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, maker));
  const filters = encodeURIComponent(JSON.stringify({ name: [`${name}-`] }));
  return await api.call<Listed[]>("GET", `/services?filters=${filters}`);
}

async function listUnderDisplays(
  api: EngineCalls,
  { warmUpMs, durationMs }: Load,
): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> {
  const services = await makeServices(api, "list", SERVICES);
  const end = new AbortController();
  const displays = services.slice(0, DISPLAYS).map(({ ID }) => follow(api, ID, end.signal));
  try {
    return await listNowAndThen(api, warmUpMs + durationMs);
  } finally {
    end.abort();
    await Promise.all(displays);
  }
}

async function listNowAndThen(
  api: EngineCalls,
  durationMs: number,
): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> {
  const tookMs: number[] = [];
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    const startMs = performance.now();
    await api.call("GET", `/services?${LISTED}`);
    tookMs.push(performance.now() - startMs);
    await systemClock.sleep(LIST_EVERY_MS, NEVER);
  }
  tookMs.sort((a, b) => a - b);
  const at = (share: number): number => tookMs[Math.floor(tookMs.length * share)] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

const LISTED = new URLSearchParams({ filters: JSON.stringify({ name: ["list-"] }) }).toString();

async function follow(api: EngineCalls, id: string, signal: AbortSignal): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ service: { [id]: true } }));
  while (!signal.aborted) {
    await api.call("GET", `/services/${id}`);
    await api.call("GET", `/tasks?filters=${filters}`);
    await systemClock.sleep(DISPLAY_EVERY_MS, NEVER);
  }
}

function spec(Name: string, edition: string): object {
  return {
    Name,
    Labels: { edition },
    TaskTemplate: { ContainerSpec: { Image: "none", Command: ["true"] } },
    Mode: { Replicated: { Replicas: 0 } },
  };
}
