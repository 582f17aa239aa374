// Synonyms as records, and the calls behind them.
import { type Synonym } from "@sanset/client/gen/sanset/v1/search_admin_pb.js";
import { SearchService } from "@sanset/client/gen/sanset/v1/search_service_pb.js";
import { readId, readTime, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface SynonymRecord extends ConsoleRecord {
  /** Empty: the terms are equal. */
  input: string;
  terms: string[];
  updateTime: string | null;
}

const search = shop.of(SearchService);

export const calls: Calls<SynonymRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await search.listSynonyms({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await search.getSynonym({ synonymId: toId(id) }, { signal }));
  },

  async create({ input, terms }, { requestId }) {
    return read(await search.createSynonym({ synonym: { input: input ?? "", terms: terms ?? [] }, requestId }));
  },

  async update({ id, etag, input, terms }, { requestId, paths }) {
    const synonym = { id: toId(id), etag: etag ?? "", input: input ?? "", terms };
    return read(await search.updateSynonym({ synonym, updateMask: { paths }, requestId }));
  },

  async remove({ id, etag }, { requestId }) {
    await search.deleteSynonym({ synonymId: toId(id), etag: etag ?? "", requestId });
  },
};

function read(synonym: Synonym): SynonymRecord {
  return {
    id: readId(synonym.id),
    etag: synonym.etag,
    input: synonym.input ?? "",
    terms: synonym.terms,
    updateTime: readTime(synonym.updateTime),
  };
}
