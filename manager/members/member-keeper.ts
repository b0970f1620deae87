/**
 * The leader's loop that brings who takes part in consensus to what the nodes say of it, one step
 * after the other (`core/plan-members.ts`).
 */
import { assertNever } from "../../shared/errors/assert.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import { ControlLoop } from "../control-loop.js";
import type { LeaderLoop } from "../leadership.js";
import type { MemberId } from "../raft/core/member-id.js";
import type { MembershipChange } from "../raft/core/membership.js";
import type { RaftStatus } from "../raft/core/node.js";
import type { StoreAccess } from "../store/store-access.js";
import { type MembersStep, planMembers } from "./core/plan-members.js";

export interface MemberKeeperOptions {
  readonly store: StoreAccess;
  readonly consensus: {
    readonly status: RaftStatus;
    changeMembership(change: MembershipChange): Promise<unknown>;
    transferLead(to: MemberId): void;
  };
  readonly isUp: (member: MemberId) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** While a newcomer catches up, or the lead is on its way: both take some tenths of a second. */
const LOOK_AGAIN_MS = 100;

export class MemberKeeper implements LeaderLoop {
  readonly name = "member keeper";
  readonly #options: MemberKeeperOptions;
  readonly #loop: ControlLoop<"members">;

  constructor(options: MemberKeeperOptions) {
    this.#options = options;
    this.#loop = new ControlLoop({
      name: this.name,
      clock: options.clock,
      logger: options.logger,
      reconcile: () => this.#reconcile(),
    });
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const watch = this.#options.store.watch(({ events }) => {
      if (events.some(({ type }) => type === "node")) this.#loop.enqueue("members");
    });
    try {
      this.#loop.enqueue("members");
      await this.#loop.run({ signal });
    } finally {
      watch.close();
    }
  }

  async #reconcile(): Promise<void> {
    const step = this.#nextStep();
    if (step === undefined) return;
    await this.#carryOut(step);
    if (step.kind === "wait" || step.kind === "hand-over") {
      this.#loop.enqueueAfter("members", LOOK_AGAIN_MS);
    } else this.#loop.enqueue("members");
  }

  #nextStep(): MembersStep | undefined {
    const { consensus, isUp, store } = this.#options;
    const { id, lastIndex, membership, progress } = consensus.status;
    return planMembers(store.committed.nodes(), {
      id,
      membership,
      lastIndex,
      matchIndex: (member) => progress.get(member)?.matchIndex ?? 0,
      isUp,
    });
  }

  async #carryOut(step: MembersStep): Promise<void> {
    const { consensus, logger, store } = this.#options;
    switch (step.kind) {
      case "wait":
        return;
      case "change":
        logger.info({ ...step.change }, "changing the managers");
        await consensus.changeMembership({
          kind: "change",
          changes: [step.change],
          joint: "if-needed",
        });
        return;
      case "hand-over":
        logger.info({ to: step.to }, "this manager is to go: handing over the lead");
        consensus.transferLead(step.to);
        return;
      case "clear":
        await store.update((tx) => {
          if (tx.view.node(step.nodeId)?.manager === undefined) return;
          tx.apply({ kind: "set-manager", nodeId: step.nodeId });
        });
        return;
      default:
        assertNever(step);
    }
  }
}
