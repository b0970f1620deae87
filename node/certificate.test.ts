/** Members whose certificates are not valid now: what mends itself, and what is said of the rest. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import {
  createRequest,
  issueCertificate,
  NODE_CERTIFICATE_LIFE_MS,
} from "../manager/ca/authority.js";
import { assert } from "../shared/errors/assert.js";
import type { Clock } from "../shared/ports/clock.js";
import { silentLogger } from "../shared/ports/logger.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { systemRandom } from "../shared/ports/system-random.js";
import { writeIdentity } from "./identity-files.js";
import type { Member } from "./member.js";
import { Membership } from "./membership.js";

const HOUR_MS = 3_600_000;
let folder: string;
const open: Membership[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skep-certificate-"));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((membership) => membership.close()));
  await rm(folder, { recursive: true, force: true });
});

/** @param aheadMs how far this host's wall clock is off. */
function membership(hostname: string, aheadMs = 0): Membership {
  const clock: Clock = {
    nowMs: () => systemClock.nowMs(),
    wallMs: () => systemClock.wallMs() + aheadMs,
    after: (delayMs, act) => systemClock.after(delayMs, act),
    sleep: (delayMs, signal) => systemClock.sleep(delayMs, signal),
  };
  const made = new Membership({
    dataDir: join(folder, hostname),
    hostname,
    engine: "process",
    engineSocket: "",
    programPath: "",
    network: { kind: "unavailable", reason: "a test" },
    listen: { host: "127.0.0.1", port: 0 },
    advertise: undefined,
    managers: [],
    clock,
    random: systemRandom(),
    answerRequest: () => Promise.reject(new Error("no API here")),
    logger: silentLogger,
    onFatal: (error) => {
      throw error;
    },
  });
  open.push(made);
  return made;
}

function memberOf({ member }: Membership): Member {
  assert(member !== undefined, "the host is in a cluster");
  return member;
}

function joining(manager: Membership): { RemoteAddrs: string[]; JoinToken: string } {
  const cluster = memberOf(manager).manager?.store.committed.cluster();
  return {
    RemoteAddrs: manager.status().managers.map(({ address }) => address),
    JoinToken: cluster?.joinTokens.worker ?? "",
  };
}

test("a manager that was away for longer than its certificate's life certifies itself anew", async () => {
  const before = membership("manager", -NODE_CERTIFICATE_LIFE_MS - 24 * HOUR_MS);
  await before.init({});
  await before.close();

  const manager = membership("manager");
  await manager.resume();
  await memberOf(manager).firstSession;
  expect(manager.status()).toMatchObject({ state: "active", error: "" });
  const { validFromMs, validUntilMs } = memberOf(manager).identity.node;
  expect(validFromMs).toBeLessThan(systemClock.wallMs());
  expect(validUntilMs).toBeGreaterThan(systemClock.wallMs());
});

test("a worker whose certificate has expired says so, and what to do, and can do it", async () => {
  const manager = membership("manager");
  await manager.init({});
  const before = membership("worker");
  await before.join(joining(manager));
  await before.close();
  const { nodeId } = memberOf(before).identity.node;
  await expire(memberOf(before), memberOf(manager));

  const worker = membership("worker");
  await worker.resume();
  expect(worker.status()).toMatchObject({ state: "error", role: "worker", nodeId });
  expect(worker.status().error).toMatch(
    new RegExp(`^the certificate of node ${nodeId} expired on .* "docker swarm leave" here`),
  );
  await worker.leave({ forced: false });
  await worker.join(joining(manager));
  expect(worker.status()).toMatchObject({ state: "active", error: "" });
  expect(worker.status().nodeId).not.toBe(nodeId);
});

async function expire(worker: Member, { manager }: Member): Promise<void> {
  const authority = manager?.store.committed.cluster()?.authority;
  assert(authority !== undefined, "the manager has its cluster");
  const { keyPem, csrPem } = await createRequest();
  const certificatePem = await issueCertificate(authority, csrPem, {
    subject: worker.identity.node,
    nowWallMs: systemClock.wallMs() - 3 * HOUR_MS,
    lifeMs: HOUR_MS,
  });
  const { rootPem } = worker.identity.current;
  await writeIdentity(join(folder, "worker"), { keyPem, certificatePem, rootPem });
}
