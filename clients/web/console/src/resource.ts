// What a page or resource of the console says of itself. The registry lists them all.
import type { DescMethod } from "@bufbuild/protobuf";
import type { SvgIconComponent } from "@mui/icons-material";
import type { ComponentType, LazyExoticComponent } from "react";
import type { StringMap } from "react-admin";

/** Where an entry of the menu stands. */
export type Group = "shop" | "catalog" | "customers" | "promotion" | "analytics" | "system";

/** Texts in both languages; the German ones have the keys of the English ones. */
export interface Messages {
  readonly en: StringMap;
  readonly de: StringMap;
}

/** A record: what a message says, as plain values. Its `etag`, where it has one, goes back with changes. */
export interface ConsoleRecord {
  id: string;
  etag?: string;
}

/** What a list is to show. */
export interface ListQuery {
  readonly pageSize: number;
  /** "" for the first page. */
  readonly pageToken: string;
  readonly filter: Readonly<Record<string, unknown>>;
  readonly sort: { readonly field: string; readonly order: "ASC" | "DESC" };
  readonly signal: AbortSignal | undefined;
}

export interface ListPage<R> {
  readonly items: R[];
  /** "" on the last page. */
  readonly nextPageToken: string;
  /** Where the shop counts. */
  readonly total?: number;
}

/** How something is saved. */
export interface Save {
  /** The same for each attempt to save the same values: the shop acts once. */
  readonly requestId: string;
}

export interface Change<R> extends Save {
  /** The record as it was read. */
  readonly previous: R;
  /** The fields that were changed, as the contract names them. */
  readonly paths: string[];
}

/** The calls behind a resource. What is missing cannot be done. */
export interface Calls<R extends ConsoleRecord> {
  list?(query: ListQuery): Promise<ListPage<R>>;
  get?(id: string, signal?: AbortSignal): Promise<R>;
  /** Several at once, at most a hundred, as far as they exist; without it each is a call of `get`. */
  many?(ids: readonly string[], signal?: AbortSignal): Promise<R[]>;
  create?(values: Partial<R>, save: Save): Promise<R>;
  update?(values: R, change: Change<R>): Promise<R>;
  remove?(record: R, save: Save): Promise<void>;
  /**
   * What fields of the form are called in the contract, where it is not the same word: `{ percent: "basis_points" }`. The
   * fields that are changed are named so, and what is refused finds its field.
   */
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
}

type Page = LazyExoticComponent<ComponentType>;

/** The RPC behind an action. Of several, who may call any of them may act: those differ in the permission they need. */
export type Access = DescMethod | readonly DescMethod[];

export type Action = "list" | "show" | "create" | "edit" | "delete";

/** A kind of record with its pages. */
export interface Resource<R extends ConsoleRecord = ConsoleRecord> {
  /** In addresses and messages: "coupons". */
  readonly name: string;
  readonly icon: SvgIconComponent;
  readonly group: Group;
  readonly messages: Messages;
  /** The RPC behind each action: who may not call it is not shown it. */
  readonly access: Readonly<Partial<Record<Action | (string & {}), Access>>>;
  readonly calls: Calls<R>;
  readonly pages: { readonly list?: Page; readonly show?: Page; readonly create?: Page; readonly edit?: Page };
  /** The field, or the text, that names a record. */
  readonly title?: string | ((record: R) => string);
}

/** A page that is no list of records. */
export interface StandalonePage {
  /** In its address and in messages: "sales". */
  readonly name: string;
  readonly icon: SvgIconComponent;
  readonly group: Group;
  readonly messages: Messages;
  /** The RPC that it cannot be without. */
  readonly access: Access;
  readonly page: Page;
}

/** Checks the types of a resource where it is written. */
export function defineResource<R extends ConsoleRecord>(resource: Resource<R>): Resource {
  return resource as unknown as Resource; // its records are its own affair
}
