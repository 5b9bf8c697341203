// A doubly linked list whose links live in its members: a queue from whose middle anything leaves at once.

/** What a member must have; both are null outside a list. */
export interface Linked<T> {
  previous: T | null;
  next: T | null;
}

export class LinkedList<T extends Linked<T>> {
  first: T | null = null;
  #last: T | null = null;
  size = 0;

  append(member: T): void {
    member.previous = this.#last;
    member.next = null;
    if (this.#last === null) this.first = member;
    else this.#last.next = member;
    this.#last = member;
    this.size++;
  }

  remove(member: T): void {
    if (member.previous === null) this.first = member.next;
    else member.previous.next = member.next;
    if (member.next === null) this.#last = member.previous;
    else member.next.previous = member.previous;
    member.previous = member.next = null;
    this.size--;
  }
}
