/** `skep node promote` and `skep node demote`: who is a manager. */
import { type Command, defineCommand, SOME_ARGUMENTS } from "../../command.js";
import { namesOf } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { updateNode } from "./apply-update.js";

interface RoleChange {
  readonly name: string;
  readonly summary: string;
  readonly role: "manager" | "worker";
  readonly done: (reference: string) => string;
}

export const promoteCommand = roleCommand({
  name: "promote",
  summary: "Promote one or more nodes to manager in the swarm",
  role: "manager",
  done: (reference) => `Node ${reference} promoted to a manager in the swarm.`,
});

export const demoteCommand = roleCommand({
  name: "demote",
  summary: "Demote one or more nodes from manager in the swarm",
  role: "worker",
  done: (reference) => `Manager ${reference} demoted in the swarm.`,
});

function roleCommand({ name, summary, role, done }: RoleChange): Command {
  return defineCommand({
    name,
    summary,
    synopsis: "NODE [NODE...]",
    arguments: SOME_ARGUMENTS,
    completion: namesOf("node"),
    flags: {},
    async run({ client, stdout }, { args }) {
      // One by one, and no further after a failure: each change of managers moves the quorum.
      for (const reference of args) {
        const outcome = await updateNode(client, reference, (node) => {
          if (node.Spec.Role !== role) return { ...node.Spec, Role: role };
          printLine(stdout, `Node ${node.ID} is already a ${role}.`);
          return undefined;
        });
        if (outcome === "updated") printLine(stdout, done(reference));
      }
    },
  });
}
