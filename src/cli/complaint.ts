/** Something that is wrong with what the user gave us: told by its message alone, without a stack. */
export class Complaint extends Error {}
