/** Managers in processes of their own on the loopback, of whom the first leads. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createAuthority, createRequest, issueCertificate } from "../../manager/ca/authority.js";
import { assert } from "../../shared/errors/assert.js";
import type { Authority } from "../../shared/model/cluster.js";
import { type ClusterId, newId, type NodeId } from "../../shared/model/ids.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { systemRandom } from "../../shared/ports/system-random.js";
import { askProcess, endProcess, freePorts } from "./child-processes.js";
import type { LoadFigures, LoadOrder, MemberAnswer, MemberQuestion } from "./member-messages.js";

const PROGRAM = fileURLToPath(new URL("./member-process.js", import.meta.url));
const CERTIFICATE_LIFE_MS = 3_600_000;
const IDS = ["one", "two", "three"] as const;
/** Followers apply a moment after the leader answers. */
const AGREED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 20;
const NEVER = new AbortController().signal;

export class Members {
  readonly #children: ChildProcess[] = [];

  /** @param folder on the disk that is to be measured. */
  async start(folder: string): Promise<void> {
    const clusterId = newId<ClusterId>(systemRandom());
    const authority = await createAuthority(clusterId, Date.now());
    const ports = await freePorts(IDS.length);
    const addresses = Object.fromEntries(IDS.map((id, i) => [id, `127.0.0.1:${ports[i] ?? 0}`]));
    for (const [i, id] of IDS.entries()) {
      const child = fork(PROGRAM, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      this.#children.push(child);
      await ask(child, {
        kind: "start",
        id,
        beginning: i === 0 ? "found" : "join",
        port: ports[i] ?? 0,
        addresses,
        folder: join(folder, id),
        ...(await certify(authority, clusterId, id)),
      });
      if (i > 0) await ask(this.#leader, { kind: "add-voter", id });
    }
  }

  async load(order: Omit<LoadOrder, "kind">): Promise<LoadFigures> {
    const before = await this.#statuses();
    const answer = await ask(this.#leader, { kind: "load", ...order });
    assert(answer.kind === "load", "a load is answered with its figures");
    const after = await this.#statuses();
    const cpuMs = sum(after.map(({ cpuMs }) => cpuMs)) - sum(before.map(({ cpuMs }) => cpuMs));
    const entries = (after[0]?.applied ?? 0) - (before[0]?.applied ?? 0);
    return { ...answer.figures, cpuUs: (cpuMs * 1_000) / entries };
  }

  /** A load that was answered faster than it was replicated has not done the work. */
  async checkAgreement(): Promise<void> {
    const untilMs = performance.now() + AGREED_WITHIN_MS;
    for (;;) {
      const states = await this.#statuses();
      const places = states.map(({ applied, digest }) => `${applied}: ${digest}`);
      if (new Set(places).size === 1) return;
      assert(performance.now() < untilMs, `the members disagree: ${places.join(", ")}`);
      await systemClock.sleep(LOOK_EVERY_MS, NEVER);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#children.map(endProcess));
  }

  #statuses(): Promise<(MemberAnswer & { readonly kind: "status" })[]> {
    return Promise.all(
      this.#children.map(async (child) => {
        const answer = await ask(child, { kind: "status" });
        assert(answer.kind === "status", "a status is answered with one");
        return answer;
      }),
    );
  }

  get #leader(): ChildProcess {
    const [leader] = this.#children;
    assert(leader !== undefined, "the members are started first");
    return leader;
  }
}

async function certify(
  authority: Authority,
  clusterId: ClusterId,
  id: string,
): Promise<{ certificatePem: string; keyPem: string; rootPem: string }> {
  const { keyPem, csrPem } = await createRequest();
  const certificatePem = await issueCertificate(authority, csrPem, {
    subject: { nodeId: id as NodeId, role: "manager", clusterId },
    nowWallMs: Date.now(),
    lifeMs: CERTIFICATE_LIFE_MS,
  });
  return { certificatePem, keyPem, rootPem: authority.certificatePem };
}

async function ask(child: ChildProcess, question: MemberQuestion): Promise<MemberAnswer> {
  return (await askProcess(child, question)) as MemberAnswer;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
