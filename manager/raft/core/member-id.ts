/** How members of a Raft cluster are told apart. */

declare const brand: unique symbol;

/**
 * A member of the cluster, for as long as it is one: who is removed and joins again has a new id,
 * so that nothing said to or by its former self is mistaken. ASCII, not empty.
 */
export type MemberId = string & { readonly [brand]: "MemberId" };
