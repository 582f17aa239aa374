import { DataTable, useTranslate } from "react-admin";
import { ListPage } from "../ui/RecordPages";
import { measureText, percentText } from "../ui/numbers";
import { TimeField } from "../ui/time";
import { ModelState } from "./ModelState";
import type { ModelRecord } from "./calls";

/** The models side by side, by what they measure. */
export default function ModelList() {
  const translate = useTranslate();
  return (
    <ListPage>
      <DataTable rowClick="show" bulkActionButtons={false}>
        <DataTable.Col source="version" disableSort />
        <DataTable.Col source="type" disableSort render={({ type }: ModelRecord) => translate(`resources.models.types.${type}`)} />
        <DataTable.Col source="state" disableSort render={(model: ModelRecord) => <ModelState model={model} />} />
        <DataTable.Col source="recall" align="right" disableSort render={({ metrics }: ModelRecord) => measureText(metrics.model?.recall)} />
        <DataTable.Col source="ndcg" align="right" disableSort render={({ metrics }: ModelRecord) => measureText(metrics.model?.ndcg)} />
        <DataTable.Col source="coverage" align="right" disableSort render={({ metrics }: ModelRecord) => measureText(metrics.model?.coverage)} />
        <DataTable.Col source="popularity" align="right" disableSort render={againstPopularity} />
        <DataTable.Col source="createTime" disableSort>
          <TimeField source="createTime" />
        </DataTable.Col>
      </DataTable>
    </ListPage>
  );
}

/** How much more of the orders it predicts than recommending what sells best. */
function againstPopularity({ metrics: { model, popularity } }: ModelRecord): string {
  if (model === null || popularity === null || popularity.recall === 0) return "";
  const gain = model.recall / popularity.recall - 1;
  return `${gain < 0 ? "" : "+"}${percentText(gain)}`;
}
