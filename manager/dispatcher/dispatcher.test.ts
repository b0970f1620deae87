import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { ServiceId, TaskId } from "../../shared/model/ids.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { RpcClient } from "../../shared/rpc/channel.js";
import { SESSION } from "../../shared/rpc/dispatcher-rpc.js";
import { DispatcherWorld } from "../../test/dispatcher-world.js";
import { sampleService } from "../../test/samples/objects.js";

let world: DispatcherWorld;

beforeEach(async () => {
  world = await DispatcherWorld.start();
});

afterEach(async () => {
  await world.stop();
});

describe("the beginning of a session", () => {
  test("makes the node ready, with what its host says and the address that it came from", async () => {
    const id = await world.node();
    const agent = world.agent(id);
    agent.hello({ hostname: "alpha" });
    const welcome = await world.soon(agent.next("welcome"));
    expect(welcome).toMatchObject({ heartbeatPeriodMs: 500, fence: { epoch: 3, term: 1 } });
    expect(welcome.fence.sequence).toBe(world.view.sequence);
    expect(world.view.node(id)).toMatchObject({
      status: { state: "ready", message: "", address: "127.0.0.1" },
      description: { Hostname: "alpha" },
    });
    expect((await world.soon(agent.next("managers"))).addresses).toEqual(["10.0.0.1:2377"]);
    const { set } = await world.soon(agent.next("assignments"));
    expect(set).toMatchObject({ kind: "complete", sequence: 1, tasks: [], templates: [] });
  });

  test("writes nothing where the store has it all, as after a change of leader", async () => {
    const id = await world.node();
    (await world.session(id)).leave();
    await world.follow();
    const { sequence } = world.view;
    world.lead();
    await world.session(id);
    expect(world.view.sequence).toBe(sequence);
  });

  test("a changed description is written", async () => {
    const id = await world.node();
    const agent = await world.session(id);
    agent.send({ kind: "description", description: { Hostname: "renamed" } });
    await world.until((view) => view.node(id)?.description?.Hostname === "renamed");
  });

  test.each([
    [
      "a node that is not in the cluster",
      "not-found",
      async () => {
        const id = await world.node();
        await world.apply({ kind: "remove-node", nodeId: id });
        const agent = world.agent(id);
        agent.hello();
        return agent;
      },
    ],
    [
      "an agent that has heard a later term",
      "no-leader",
      async () => {
        const agent = world.agent(await world.node());
        agent.hello({ fence: { epoch: 3, term: 2, sequence: 0 } });
        return agent;
      },
    ],
    [
      "an agent that does not begin with hello",
      "invalid-argument",
      async () => {
        const agent = world.agent(await world.node());
        agent.send({ kind: "heartbeat" });
        return agent;
      },
    ],
    ["an agent that says nothing", "invalid-argument", async () => world.agent(await world.node())],
    [
      "any agent while this manager does not lead",
      "no-leader",
      async () => {
        await world.follow();
        const agent = world.agent(await world.node());
        agent.hello();
        return agent;
      },
    ],
  ] as const)("%s is sent away", async (_case, code, begin) => {
    const error = await world.soon((await begin()).end());
    expect(error).toMatchObject({ name: "RemoteError", code });
  });

  test("an agent that calls a manager which does not lead is told where all of them are", async () => {
    await world.follow();
    const agent = world.agent(await world.node());
    agent.hello();
    expect(await agent.next("managers")).toMatchObject({ addresses: ["10.0.0.1:2377"] });
    await expect(world.soon(agent.end())).resolves.toMatchObject({ code: "no-leader" });
  });

  test("a host without a certificate has no session", async () => {
    const rootPem = world.cluster.authority.certificatePem;
    const client = new RpcClient({
      address: `127.0.0.1:${world.port}`,
      trust: { kind: "root", rootPem },
      clock: systemClock,
    });
    const messages = client.open(SESSION).messages[Symbol.asyncIterator]();
    await expect(messages.next()).rejects.toMatchObject({ code: "unauthenticated" });
    client.close();
  });
});

describe("assignments", () => {
  test("a node hears of its own tasks, whole first and then as they change", async () => {
    const [mine, other] = [await world.node(), await world.node()];
    await world.apply(world.task(mine, "t1"), world.task(other, "x1"));
    const agent = await world.session(mine);
    const first = (await world.soon(agent.next("assignments"))).set;
    expect(first.tasks.map(({ id }) => id)).toEqual(["t1"]);
    expect(first.templates).toMatchObject([
      { revision: 1, serviceName: "web", template: { ContainerSpec: { Image: "busybox" } } },
    ]);

    await world.apply(world.task(mine, "t2"), world.task(other, "x2"));
    const second = (await world.soon(agent.next("assignments"))).set;
    expect(second).toMatchObject({ kind: "incremental", sequence: 2, removed: [], templates: [] });
    expect(second.tasks.map(({ id }) => id)).toEqual(["t2"]);
    expect(second.fence.sequence).toBe(world.view.sequence);

    await world.apply({ kind: "want-task", taskId: "t1" as TaskId, desired: "shutdown" });
    const third = (await world.soon(agent.next("assignments"))).set;
    expect(third.tasks).toMatchObject([{ id: "t1", desired: "shutdown" }]);

    await world.apply(
      {
        kind: "observe-task",
        taskId: "t1" as TaskId,
        status: { state: "shutdown", atMs: 0, message: "" },
      },
      { kind: "remove-task", taskId: "t1" as TaskId },
    );
    const fourth = (await world.soon(agent.next("assignments"))).set;
    expect(fourth).toMatchObject({ sequence: 4, tasks: [], removed: ["t1"] });
  });

  test("what is asked for again comes complete, templates too", async () => {
    const id = await world.node();
    await world.apply(world.task(id, "t1"));
    const agent = await world.session(id);
    await world.soon(agent.next("assignments"));
    agent.send({ kind: "resend-assignments" });
    const { set } = await world.soon(agent.next("assignments"));
    expect(set).toMatchObject({ kind: "complete", sequence: 2, tasks: [{ id: "t1" }] });
    expect(set.templates).toHaveLength(1);
  });

  test("a task that is only thought of for a node is not sent", async () => {
    const id = await world.node();
    await world.apply(world.task(id, "t1", { state: "pending" }));
    const agent = await world.session(id);
    expect((await world.soon(agent.next("assignments"))).set.tasks).toEqual([]);
    await world.apply({ kind: "assign-task", taskId: "t1" as TaskId, nodeId: id, message: "" });
    const { set } = await world.soon(agent.next("assignments"));
    expect(set.tasks).toMatchObject([{ id: "t1", status: { state: "assigned" } }]);
  });

  test("an agent that does not read is sent one fresh set, not a queue of old ones", async () => {
    const id = await world.node();
    const agent = await world.session(id);
    const env = Array.from({ length: 300 }, (_, index) => `V${index}=${"x".repeat(1_000)}`);
    for (let number = 1; number <= 30; number++) {
      const serviceId = `service${number}` as ServiceId;
      const { service, revision } = sampleService({
        id: serviceId,
        name: `big${number}`,
        template: { ContainerSpec: { Image: "busybox", Env: env } },
      });
      await world.apply({ kind: "create-service", service, revision });
      await world.apply(world.task(id, `t${number}`, { service: serviceId }));
      await world.clock.advance(20);
    }
    const sets: number[] = [];
    const seen = new Set<string>();
    while (seen.size < 30) {
      const { set } = await world.soon(agent.next("assignments"));
      sets.push(set.sequence);
      for (const task of set.tasks) seen.add(task.id);
    }
    expect(sets.length).toBeLessThan(15);
    expect(sets).toEqual(sets.map((_, index) => index + 1));
  });
});

describe("what a host that was lost still runs", () => {
  test("is to stop in haste, in the first set after its return and not after that", async () => {
    const id = await world.node("down");
    await world.apply(world.task(id, "t1", { state: "running", desired: "shutdown" }));
    const agent = await world.session(id);
    const first = await world.soon(agent.next("assignments"));
    expect(first.set).toMatchObject({ kind: "complete", stopWithinMs: 7_000 });
    await world.apply(world.task(id, "t2"));
    const second = await world.soon(agent.next("assignments"));
    expect(second.set.stopWithinMs).toBeUndefined();
    agent.leave();
    const again = await world.session(id);
    expect((await world.soon(again.next("assignments"))).set.stopWithinMs).toBeUndefined();
  });

  test("is to stop in haste as long as its node counts as down", async () => {
    const id = await world.node();
    await world.apply(world.task(id, "t1", { state: "running" }));
    const agent = await world.session(id);
    await world.soon(agent.next("assignments"));
    agent.send({ kind: "engine", health: { kind: "away", reason: "gone" } });
    const beats = world.beat(agent);
    await world.until((view) => view.node(id)?.status.state === "down");
    expect(world.view.node(id)?.status.message).toMatch(/^the engine has not answered for 10 s/);
    await world.apply({ kind: "want-task", taskId: "t1" as TaskId, desired: "shutdown" });
    const { set } = await world.soon(agent.next("assignments"));
    expect(set).toMatchObject({ kind: "incremental", stopWithinMs: 7_000 });
    agent.send({ kind: "engine", health: { kind: "answers" } });
    await world.until((view) => view.node(id)?.status.state === "ready");
    beats.stop();
  });
});

describe("statuses", () => {
  test("are acknowledged once they are committed, together in one command", async () => {
    const nodes = [await world.node(), await world.node(), await world.node()];
    await world.apply(...nodes.map((id, index) => world.task(id, `t${index}`)));
    const agents = await Promise.all(nodes.map((id) => world.session(id)));
    for (const agent of agents) await world.soon(agent.next("assignments"));
    const { sequence } = world.view;
    world.memory.log.hold();
    agents.forEach((agent, index) => {
      agent.report(7 + index, { [`t${index}`]: "running" });
    });
    await world.clock.advance(200);
    expect(world.view.sequence).toBe(sequence);
    world.memory.log.release();
    const answers = await Promise.all(
      agents.map((agent) => world.soon(agent.next("statuses-stored"))),
    );
    expect(answers.map(({ batch }) => batch)).toEqual([7, 8, 9]);
    expect(world.view.tasksInState("running")).toHaveLength(3);
    expect(world.view.sequence - sequence).toBeLessThanOrEqual(2);
  });

  test("of other nodes' tasks, of unknown ones and stale ones change nothing and sink nothing", async () => {
    const [mine, other] = [await world.node(), await world.node()];
    await world.apply(
      world.task(mine, "t1"),
      world.task(mine, "t2", { state: "running" }),
      world.task(mine, "t3", { state: "failed" }),
      world.task(other, "x1"),
    );
    const agent = await world.session(mine);
    agent.report(1, {
      t1: "starting",
      t2: "preparing",
      t3: "complete",
      x1: "failed",
      gone: "running",
    });
    await world.soon(agent.next("statuses-stored"));
    const states = ["t1", "t2", "t3", "x1"].map(
      (id) => world.view.task(id as TaskId)?.status.state,
    );
    expect(states).toEqual(["starting", "running", "failed", "assigned"]);
    agent.report(2, { t1: "orphaned", t2: "failed" });
    await world.soon(agent.next("statuses-stored"));
    expect(world.view.task("t1" as TaskId)?.status.state).toBe("starting");
    expect(world.view.task("t2" as TaskId)?.status.state).toBe("failed");
  });

  test("that were not committed when the lead was lost are not acknowledged", async () => {
    const id = await world.node();
    await world.apply(world.task(id, "t1"));
    const agent = await world.session(id);
    await world.soon(agent.next("assignments"));
    world.memory.log.hold();
    agent.report(1, { t1: "running" });
    await world.clock.advance(100);
    world.memory.log.stepDown();
    await world.follow();
    await expect(world.soon(agent.next("statuses-stored"))).rejects.toMatchObject({
      code: "no-leader",
    });
    expect(world.view.task("t1" as TaskId)?.status.state).toBe("assigned");
  });
});

describe("the end of a session", () => {
  test("silence makes the node down, and its heartbeats keep it ready", async () => {
    const [silent, lively] = [await world.node(), await world.node()];
    await world.session(silent);
    const agent = await world.session(lively);
    const stopped = new AbortController();
    const beats = (async () => {
      for (;;) {
        await world.clock.sleep(500, stopped.signal);
        agent.send({ kind: "heartbeat" });
        await agent.next("heartbeat-received");
      }
    })();
    beats.catch(() => undefined);
    const beganMs = world.clock.nowMs();
    await world.until((view) => view.node(silent)?.status.state === "down");
    expect(world.clock.nowMs() - beganMs).toBeGreaterThan(2_800);
    expect(world.clock.nowMs() - beganMs).toBeLessThan(3_500);
    expect(world.view.node(silent)?.status.message).toBe("heartbeat failure");
    expect(world.view.node(lively)?.status.state).toBe("ready");
    stopped.abort();
  });

  test("an agent that was stopped and goes on has to begin anew", async () => {
    const id = await world.node();
    const agent = await world.session(id);
    await world.until((view) => view.node(id)?.status.state === "down");
    agent.send({ kind: "heartbeat" });
    expect(await world.soon(agent.end())).toMatchObject({ code: "unavailable" });
    await world.session(id);
    expect(world.view.node(id)?.status.state).toBe("ready");
  });

  test("a host that ends it is disconnected, then down", async () => {
    const id = await world.node();
    const agent = await world.session(id);
    agent.leave();
    await world.until((view) => view.node(id)?.status.state === "disconnected");
    const beganMs = world.clock.nowMs();
    await world.until((view) => view.node(id)?.status.state === "down");
    expect(world.clock.nowMs() - beganMs).toBeGreaterThan(25_000);
  });

  test("a host that leaves for good is down at once, and its tasks have ended", async () => {
    const id = await world.node();
    await world.apply(
      world.task(id, "t1", { state: "running" }),
      world.task(id, "t2", { state: "failed" }),
    );
    const agent = await world.session(id);
    await agent.leaveCluster();
    expect(world.view.node(id)?.status).toMatchObject({
      state: "down",
      message: "the node left the cluster",
    });
    const states = ["t1", "t2"].map((task) => world.view.task(task as TaskId)?.status.state);
    expect(states).toEqual(["shutdown", "failed"]);
    await world.clock.advance(60_000);
    expect(world.view.node(id)?.status.message).toBe("the node left the cluster");
  });

  test("a newer session of the same node replaces the older, and the node stays ready", async () => {
    const id = await world.node();
    const first = await world.session(id);
    const second = await world.session(id);
    expect(await world.soon(first.end())).toMatchObject({ code: "failed-precondition" });
    expect(world.view.node(id)?.status.state).toBe("ready");
    await world.apply(world.task(id, "t1"));
    await world.soon(second.next("assignments"));
  });

  test("a new term forgets no down, and finds who has not come back", async () => {
    const [gone, down] = [await world.node(), await world.node("down")];
    (await world.session(gone)).leave();
    await world.follow();
    world.lead();
    await world.until((view) => view.node(gone)?.status.state === "down");
    expect(world.view.node(down)?.status.state).toBe("down");
  });

  test("a write that fails is made up for", async () => {
    const id = await world.node();
    await world.session(id);
    world.memory.log.hold();
    await world.clock.advance(5_000);
    world.memory.log.dropWaiting();
    world.memory.log.release();
    await world.until((view) => view.node(id)?.status.state === "down");
  });
});
