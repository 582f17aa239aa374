import SpellcheckIcon from "@mui/icons-material/Spellcheck";
import { SearchService } from "@sanset/client/gen/sanset/v1/search_service_pb.js";
import { lazy } from "react";
import { defineResource } from "../resource";
import { calls } from "./calls";
import { de, en } from "./messages";

const { listSynonyms, getSynonym, createSynonym, updateSynonym, deleteSynonym } = SearchService.method;

/** Terms that search treats alike. */
export const synonyms = defineResource({
  name: "synonyms",
  icon: SpellcheckIcon,
  group: "catalog",
  messages: { en, de },
  access: { list: listSynonyms, show: getSynonym, create: createSynonym, edit: updateSynonym, delete: deleteSynonym },
  calls,
  pages: {
    list: lazy(() => import("./SynonymList")),
    create: lazy(() => import("./SynonymCreate")),
    edit: lazy(() => import("./SynonymEdit")),
  },
  title: (record) => record.terms.join(", "),
});
