// Lists of the shop go from page to page by tokens; react-admin numbers its pages.
import type { ListPage } from "../resource";

const MOST_LISTS = 200;

/** Remembers where each page of each list begins. */
export class PageTokens {
  private readonly lists = new Map<string, string[]>();

  /** Reads a page by its number; of a list that is opened in the middle also the pages before. */
  async page<R>(list: string, number: number, read: (token: string) => Promise<ListPage<R>>): Promise<ListPage<R>> {
    const starts = this.startsOf(list);
    for (let at = Math.min(number, starts.length); ; at += 1) {
      const page = await read(starts[at - 1] ?? "");
      if (page.nextPageToken === "") starts.length = at;
      else starts[at] = page.nextPageToken;
      if (at === number) return page;
      if (page.nextPageToken === "") return { ...page, items: [] }; // there is no such page any more
    }
  }

  private startsOf(list: string): string[] {
    let starts = this.lists.get(list);
    if (starts === undefined) {
      if (this.lists.size >= MOST_LISTS) this.lists.clear();
      starts = [""];
      this.lists.set(list, starts);
    }
    return starts;
  }
}
