/**
 * Every setting of the cluster that is shown does something: what happens with its default is not
 * what happens with another value, which counts without a restart, and under the next leader too.
 */
import { expect, test } from "vitest";

import { certificateLifeMs } from "../../manager/ca/issuer.js";
import { heartbeatPeriodMs } from "../../manager/dispatcher/core/heartbeat-period.js";
import { Liveness } from "../../manager/dispatcher/core/liveness.js";
import { livenessLimits } from "../../manager/dispatcher/core/liveness-limits.js";
import { compactionOf, paceOf } from "../../manager/raft/cluster-pace.js";
import { completeSwarmSpec, mergeSwarmSpec } from "../../shared/docker-api/defaults.js";
import type { SwarmSpec } from "../../shared/docker-api/swarm-spec.js";
import type { Cluster } from "../../shared/model/cluster.js";
import type { NodeId } from "../../shared/model/ids.js";
import { sampleCluster } from "../samples/objects.js";
import { runCommand } from "./commands.js";
import { World } from "./world.js";

const S = 1e9;
const N1 = "n1" as NodeId;

/** Not for the cluster to go by, or refused where it is given. */
const NO_SETTINGS = ["Name", "Labels", "EncryptionConfig.AutoLockManagers", "TaskDefaults"];

interface Effect {
  readonly value: SwarmSpec;
  /** Settings that both sides have, so that there is something to see. */
  readonly with?: SwarmSpec;
  readonly seen: (world: World) => unknown;
}

async function run(world: World, ...commands: readonly string[]): Promise<void> {
  for (const command of commands) await runCommand(world, command);
}

/** Where tasks of `web` were put, in their order, as long as the commands take. */
async function placements(world: World, ...commands: readonly string[]): Promise<string[]> {
  const nodes: string[] = [];
  const watch = world.store.watch(({ events }) => {
    for (const { type, before, after } of events) {
      if (type === "task" && after?.status.state === "assigned" && before !== undefined) {
        nodes.push(after.nodeId ?? "");
      }
    }
  });
  await run(world, ...commands);
  watch.close();
  return nodes;
}

const states = (world: World): string[] =>
  world.view.tasks().map(({ nodeId, status }) => `${nodeId ?? ""} ${status.state}`);

const crashing = (world: World): Promise<string[]> =>
  placements(world, "nodes 2", "create web image=crash delay=1s", "wait 5m");

const uneven = ["nodes 2", "create web replicas=6", "wait 1s", "node n3", "wait 50s"];

/** How long a node lives on that is treated so (ms). */
function patience(cluster: Cluster, treat: (liveness: Liveness) => void): number {
  const liveness = new Liveness(0, () => livenessLimits(cluster.spec.Dispatcher));
  liveness.registered(N1, { periodMs: 500, engine: { kind: "answers" } }, 0);
  treat(liveness);
  for (let atMs = 100; ; atMs += 100) {
    if (treat.name === "away") liveness.heard(N1, atMs);
    liveness.look(atMs, "fresh");
    if (liveness.of(N1)?.state === "down") return atMs;
  }
}

const clusterOf = (world: World): Cluster => world.view.cluster() ?? sampleCluster();

const EFFECTS: Readonly<Record<string, Effect>> = {
  "Orchestration.TaskHistoryRetentionLimit": {
    value: { Orchestration: { TaskHistoryRetentionLimit: 1 } },
    seen: async (world) => {
      await run(world, "nodes 1", "create web image=crash delay=1s", "wait 30s");
      return world.view.taskCount();
    },
  },
  "Orchestration.PlacementStrategy": {
    value: { Orchestration: { PlacementStrategy: "binpack" } },
    seen: (world) => placements(world, "nodes 2", "create web replicas=2", "wait 1s"),
  },
  "Orchestration.Rebalance.When": {
    value: { Orchestration: { Rebalance: { When: "on-return" } } },
    seen: (world) => placements(world, ...uneven, "wait 60s"),
  },
  "Orchestration.Rebalance.Parallelism": {
    value: { Orchestration: { Rebalance: { Parallelism: 2 } } },
    seen: (world) => placements(world, ...uneven, "rebalance web", "wait 60ms"),
  },
  "Orchestration.Rebalance.CoolDown": {
    with: { Orchestration: { Rebalance: { When: "on-return" } } },
    value: { Orchestration: { Rebalance: { CoolDown: 10 * S } } },
    seen: (world) => placements(world, ...uneven),
  },
  "Orchestration.RestartBackOff.FreeRestarts": {
    value: { Orchestration: { RestartBackOff: { FreeRestarts: 1 } } },
    seen: async (world) => (await crashing(world)).length,
  },
  "Orchestration.RestartBackOff.First": {
    value: { Orchestration: { RestartBackOff: { First: 20 * S } } },
    seen: async (world) => (await crashing(world)).length,
  },
  "Orchestration.RestartBackOff.Limit": {
    value: { Orchestration: { RestartBackOff: { Limit: 2 * S } } },
    seen: async (world) => (await crashing(world)).length,
  },
  "Orchestration.NodeAvoidance.Failures": {
    value: { Orchestration: { NodeAvoidance: { Failures: 1 } } },
    seen: crashing,
  },
  "Orchestration.NodeAvoidance.Within": {
    value: { Orchestration: { NodeAvoidance: { Within: S } } },
    seen: crashing,
  },
  "Orchestration.OrphanAfter": {
    value: { Orchestration: { OrphanAfter: 60 * S } },
    seen: async (world) => {
      await run(world, "nodes 2", "create web", "wait 1s", "down n1", "wait 2m");
      return states(world);
    },
  },
  "Orchestration.StopPatience": {
    value: { Orchestration: { StopPatience: 0 } },
    seen: async (world) => {
      await run(world, "nodes 2", "create web stop-grace=1s", "wait 1s");
      world.hosts.cutOff(N1); // and nobody has noticed
      await run(world, "drain n1", "wait 5s");
      return states(world);
    },
  },
  "Dispatcher.HeartbeatPeriod": {
    value: { Dispatcher: { HeartbeatPeriod: 2 * S } },
    seen: (world) => heartbeatPeriodMs(1, clusterOf(world).spec.Dispatcher?.HeartbeatPeriod),
  },
  "Dispatcher.SilenceLimit": {
    value: { Dispatcher: { SilenceLimit: 9 * S } },
    seen: (world) => patience(clusterOf(world), () => undefined),
  },
  "Dispatcher.SessionLimit": {
    value: { Dispatcher: { SessionLimit: 9 * S } },
    seen: (world) => patience(clusterOf(world), (liveness) => liveness.closed(N1, 0)),
  },
  "Dispatcher.EngineLimit": {
    value: { Dispatcher: { EngineLimit: 5 * S } },
    seen: (world) =>
      patience(clusterOf(world), function away(liveness) {
        liveness.engine(N1, { kind: "away", reason: "" }, 0);
      }),
  },
  // What consensus makes of these: manager/raft/pace.test.ts and snapshots.test.ts.
  "Raft.SnapshotInterval": {
    value: { Raft: { SnapshotInterval: 5 } },
    seen: (world) => compactionOf(clusterOf(world)),
  },
  "Raft.KeepOldSnapshots": {
    value: { Raft: { KeepOldSnapshots: 5 } },
    seen: (world) => compactionOf(clusterOf(world)),
  },
  "Raft.LogEntriesForSlowFollowers": {
    value: { Raft: { LogEntriesForSlowFollowers: 5 } },
    seen: (world) => compactionOf(clusterOf(world)),
  },
  "Raft.ElectionTick": {
    value: { Raft: { ElectionTick: 30 } },
    seen: (world) => paceOf(clusterOf(world)),
  },
  "Raft.HeartbeatTick": {
    value: { Raft: { HeartbeatTick: 5 } },
    seen: (world) => paceOf(clusterOf(world)),
  },
  "CAConfig.NodeCertExpiry": {
    value: { CAConfig: { NodeCertExpiry: 7_200 * S } },
    seen: (world) => certificateLifeMs(clusterOf(world)),
  },
};

function leaves(value: object, path: readonly string[] = []): string[] {
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    const here = [...path, name];
    const isGroup = typeof part === "object" && part !== null && Object.keys(part).length > 0;
    return isGroup ? leaves(part, here) : [here.join(".")];
  });
}

test("each setting that is shown is listed here", () => {
  const shown = leaves(completeSwarmSpec({})).filter((path) => !NO_SETTINGS.includes(path));
  expect(Object.keys(EFFECTS).sort()).toEqual(shown.sort());
});

async function see(
  { seen, ...effect }: Effect,
  value: SwarmSpec,
  leader: "stays" | "changes",
): Promise<unknown> {
  const world = await World.start("settings");
  const spec = mergeSwarmSpec(mergeSwarmSpec(clusterOf(world).spec, effect.with ?? {}), value);
  await world.change({ kind: "update-cluster", spec });
  if (leader === "changes") await world.changeLeader();
  const result = await seen(world);
  await world.stop();
  return result;
}

test.each(Object.keys(EFFECTS))("%s", async (path) => {
  const effect = EFFECTS[path]!;
  const usual = await see(effect, {}, "stays");
  const changed = await see(effect, effect.value, "stays");
  expect(changed).not.toEqual(usual);
  expect(await see(effect, effect.value, "changes")).toEqual(changed);
});
