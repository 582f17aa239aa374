// Imports of products as records, and the calls behind them.
import {
  ImportProductsRequest_Encoding,
  ImportProductsRequest_Format,
  ImportService,
  type ProductImport,
  type ProductImport_Problem,
  ProductImport_State,
} from "@sanset/client/gen/sanset/v1/import_pb.js";
import { allPages } from "../data/useShopQuery";
import { readId, readTime, toId } from "../data/values";
import type { Calls, ConsoleRecord } from "../resource";
import { shop } from "../shop";

export interface ImportProblem {
  line: number;
  column: string;
  reason: string;
  sku: string;
}

export interface ImportRecord extends ConsoleRecord {
  state: Exclude<keyof typeof ProductImport_State, "STATE_UNSPECIFIED">;
  dryRun: boolean;
  progressPercent: number;
  sizeBytes: number;
  line: number;
  rowCount: number;
  createdCount: number;
  updatedCount: number;
  unchangedCount: number;
  refusedCount: number;
  problems: ImportProblem[];
  message: string;
  createTime: string | null;
  endTime: string | null;
}

/** What a form for a new import holds. */
export interface ImportValues {
  file: { rawFile?: File } | null;
  format: keyof typeof ImportProductsRequest_Format;
  encoding: keyof typeof ImportProductsRequest_Encoding;
  dryRun: boolean;
  createCategories: boolean;
}

const imports = shop.of(ImportService);

export const calls: Calls<ImportRecord> = {
  async list({ pageSize, pageToken, signal }) {
    const page = await imports.listImports({ pageSize, pageToken }, { signal });
    return { items: page.items.map(read), nextPageToken: page.nextPageToken };
  },

  async get(id, signal) {
    return read(await imports.getImport({ importId: toId(id) }, { signal }));
  },

  async create(values, { requestId }) {
    return read(await imports.importProducts(pieces(values as unknown as ImportValues, requestId)));
  },
};

export async function cancelImport(id: string): Promise<ImportRecord> {
  return read(await imports.cancelImport({ importId: toId(id) }));
}

/** Everything that is wrong with the rows of a file, as far as the shop keeps it. */
export async function listProblems(id: string, signal?: AbortSignal): Promise<ImportProblem[]> {
  const all = await allPages((pageToken) => imports.listImportProblems({ importId: toId(id), pageSize: 100, pageToken }, { signal }));
  return all.map(readProblem);
}

/** Yields how an import stands until it has ended; calls again when a stream is cut. */
export async function* watchImport(id: string, signal: AbortSignal): AsyncGenerator<ImportRecord> {
  for (;;) {
    let ended = false;
    for await (const { content } of imports.watchImport({ importId: toId(id) }, { signal })) {
      if (content.case === "productImport") yield read(content.value);
      if (content.case === "end") ended = true;
    }
    if (ended || signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function* pieces({ file, format, encoding, dryRun, createCategories }: ImportValues, requestId: string) {
  const data = new Uint8Array((await file?.rawFile?.arrayBuffer()) ?? new ArrayBuffer(0));
  yield {
    file: { data },
    format: ImportProductsRequest_Format[format],
    encoding: ImportProductsRequest_Encoding[encoding],
    dryRun,
    createCategories,
    sizeBytes: BigInt(data.length),
    requestId,
  };
}

function read(one: ProductImport): ImportRecord {
  return {
    id: readId(one.id),
    state: ProductImport_State[one.state] as ImportRecord["state"],
    dryRun: one.dryRun,
    progressPercent: one.progressPercent,
    sizeBytes: Number(one.sizeBytes),
    line: one.line,
    rowCount: one.rowCount,
    createdCount: one.createdCount,
    updatedCount: one.updatedCount,
    unchangedCount: one.unchangedCount,
    refusedCount: one.refusedCount,
    problems: one.problems.map(readProblem),
    message: one.message,
    createTime: readTime(one.createTime),
    endTime: readTime(one.endTime),
  };
}

function readProblem({ line, column, reason, sku }: ProductImport_Problem): ImportProblem {
  return { line, column, reason, sku };
}
