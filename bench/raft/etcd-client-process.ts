/** A process with some of etcd's clients. Told what to do by its parent, and ends with it. */
import { EtcdConnection } from "./etcd-call.js";
import type { EtcdAnswer, EtcdOrder } from "./etcd-messages.js";
import { latenciesOfLoad } from "./load.js";

/** Enough that puts of one moment are of different keys, and that etcd's state stays small. */
const KEYS = 10_000;

async function load({ address, ...order }: EtcdOrder): Promise<EtcdAnswer> {
  const connection = new EtcdConnection(address);
  const value = Buffer.alloc(order.entryBytes, 7);
  let puts = 0;
  const before = process.cpuUsage();
  try {
    const latenciesMs = await latenciesOfLoad(order, () =>
      connection.put(Buffer.from(`${process.pid}/${puts++ % KEYS}`), value),
    );
    const { user, system } = process.cpuUsage(before);
    return { latenciesMs, cpuMs: (user + system) / 1_000 };
  } finally {
    connection.close();
  }
}

process.on("message", (order: EtcdOrder) => {
  void load(order).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => {
  process.exit();
});
