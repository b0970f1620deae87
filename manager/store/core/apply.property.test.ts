import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Task } from "../../../shared/model/task.js";
import { desiredRank, mayFollow } from "../../../shared/model/task-state.js";
import { arbitraryCommand, FIRST_COMMANDS } from "../../../test/store/arbitrary-changes.js";
import { answersOf, NaiveState } from "../../../test/store/naive-state.js";
import { EVERYTHING } from "../../../test/store/questions.js";
import { type Applied, applyCommand } from "./apply.js";
import type { Command, StoreEvent } from "./change.js";
import { emptyReplica, type Replica } from "./replica.js";

const commands = fc
  .array(arbitraryCommand, { maxLength: 60, size: "max" })
  .map((random) => [...FIRST_COMMANDS, ...random]);

function applyAll(replica: Replica, all: readonly Command[]): Applied[] {
  return all.map((command) => applyCommand(replica, command));
}

function eventsOf(applied: Applied): readonly StoreEvent[] {
  return applied.kind === "applied" ? applied.events : [];
}

describe("whatever the commands", () => {
  test("every question is answered as by searching all objects, whenever it is asked", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(arbitraryCommand, fc.boolean()), { maxLength: 60, size: "max" }),
        (steps) => {
          const replica = emptyReplica();
          const naive = new NaiveState();
          for (const applied of applyAll(replica, FIRST_COMMANDS)) naive.follow(eventsOf(applied));
          for (const [command, asked] of [...steps, [{ ...FIRST_COMMANDS[0]! }, true] as const]) {
            naive.follow(eventsOf(applyCommand(replica, command)));
            if (asked)
              expect(answersOf(replica.tables, EVERYTHING)).toEqual(naive.answers(EVERYTHING));
          }
        },
      ),
    );
  });

  test("a refused or repeated command changes nothing, and each counts", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const replica = emptyReplica();
        for (const [place, command] of all.entries()) {
          const before = answersOf(replica.tables, EVERYTHING);
          const { kind, sequence } = applyCommand(replica, command);
          expect(sequence).toBe(place + 1);
          expect(replica.tables.sequence).toBe(sequence);
          if (kind !== "applied") expect(answersOf(replica.tables, EVERYTHING)).toEqual(before);
        }
      }),
    );
  });

  test("two replicas have the same hash after each, and it is the hash of what is there", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const [often, once] = [emptyReplica(), emptyReplica()];
        for (const command of all) {
          applyCommand(often, command);
          applyCommand(once, structuredClone(command));
          often.hash.text();
        }
        expect(once.hash.text()).toBe(often.hash.text());
      }),
    );
  });

  test("a command that is not applied leaves the hash as it was, unless its request is remembered", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const replica = emptyReplica();
        for (const command of all) {
          const before = replica.hash.text();
          const { kind } = applyCommand(replica, command);
          const remembered = kind === "refused" && command.requestId !== undefined;
          if (kind !== "applied" && !remembered) expect(replica.hash.text()).toBe(before);
        }
      }),
    );
  });

  test("tasks only go forward, and stay in their service, their slot and on their node", () => {
    fc.assert(
      fc.property(commands, (all) => {
        for (const applied of applyAll(emptyReplica(), all))
          for (const event of eventsOf(applied))
            if (event.type === "task" && event.before && event.after)
              expectForward(event.before, event.after);
      }),
    );
  });

  test("every task has its revision, every service its own, and none outlives both", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const replica = emptyReplica();
        for (const command of all) {
          applyCommand(replica, command);
          const { tables } = replica;
          for (const { serviceId, revision } of tables.tasks())
            expect(tables.revision(serviceId, revision)).toBeDefined();
          for (const { id, revision, previous } of tables.services()) {
            expect(tables.revision(id, revision)).toBeDefined();
            if (previous !== undefined)
              expect(tables.revision(id, previous.revision)).toBeDefined();
          }
          for (const id of tables.servicesWithTasks())
            expect(tables.service(id) ?? tables.tasksOfService(id)[0]).toBeDefined();
        }
      }),
    );
  });

  test("every task that some host may run is on a node that is there", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const replica = emptyReplica();
        applyAll(replica, all);
        const { tables } = replica;
        const states = [
          "assigned",
          "accepted",
          "preparing",
          "ready",
          "starting",
          "running",
        ] as const;
        for (const task of states.flatMap((state) => tables.tasksInState(state)))
          expect(task.nodeId && tables.node(task.nodeId)).toBeDefined();
      }),
    );
  });

  test("no two services have one name", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const replica = emptyReplica();
        applyAll(replica, all);
        const names = replica.tables.services().map(({ frame }) => frame.Name);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});

test("nothing that is sent makes it throw", () => {
  const shapeless = fc.record({
    format: fc.constant(1),
    atMs: fc.double(),
    changes: fc.array(fc.anything()),
  });
  fc.assert(
    fc.property(shapeless, (command) => {
      const replica = emptyReplica();
      applyAll(replica, FIRST_COMMANDS);
      const before = answersOf(replica.tables, EVERYTHING);
      const { kind } = applyCommand(replica, command as unknown as Command);
      if (kind === "refused") expect(answersOf(replica.tables, EVERYTHING)).toEqual(before);
    }),
  );
});

function expectForward(before: Task, after: Task): void {
  if (after.status.state !== before.status.state)
    expect(mayFollow(after.status.state, before.status.state)).toBe(true);
  expect(desiredRank(after.desired)).toBeGreaterThanOrEqual(desiredRank(before.desired));
  expect(after.serviceId).toBe(before.serviceId);
  expect(after.slot).toBe(before.slot);
  expect(after.revision).toBe(before.revision);
  if (before.nodeId !== undefined) expect(after.nodeId).toBe(before.nodeId);
}
