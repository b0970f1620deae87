/** Every id and name that the random changes use: asking for each of them asks for everything. */
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type { Questions } from "./naive-state.js";
import { idOf } from "./samples.js";

export const EVERYTHING: Questions = {
  networks: ["w1", "w2", "w3"].map((name) => idOf<NetworkId>(name)),
  networkNames: ["w1", "w2", "w3"],
  nodes: ["n1", "n2", "n3"].map((name) => idOf<NodeId>(name)),
  services: ["s1", "s2", "s3"].map((name) => idOf<ServiceId>(name)),
  names: ["s1", "s2", "s3"],
  tasks: ["t1", "t2", "t3", "t4", "t5"].map((name) => idOf<TaskId>(name)),
  slots: [0, 1, 2],
};
