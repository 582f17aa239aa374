import PublishIcon from "@mui/icons-material/Publish";
import ScienceIcon from "@mui/icons-material/Science";
import Typography from "@mui/material/Typography";
import { NumberInput, TopToolbar, required, useCanAccess, useRecordContext, useTranslate } from "react-admin";
import { ActionButton } from "../ui/ActionButton";
import { type ModelRecord, activateModel, startExperiment } from "./calls";

const T = "resources.models";

export function ModelActions() {
  const translate = useTranslate();
  const model = useRecordContext<ModelRecord>();
  const { canAccess } = useCanAccess({ resource: "models", action: "activate" });
  if (model === undefined || !canAccess || model.active || !model.available) return <TopToolbar />;
  return (
    <TopToolbar>
      <ActionButton<{ percent: number }, unknown>
        label={`${T}.experiment`}
        icon={<ScienceIcon />}
        action={{
          name: `models.experiment/${model.id}`,
          title: `${T}.experiment`,
          confirm: `${T}.experiment`,
          done: `${T}.experimentStarted`,
          initial: { percent: 50 },
          fields: { percent: "challenger_percent" },
          call: ({ percent }, requestId) => startExperiment(model.id, percent, requestId),
          children: (
            <>
              <Typography sx={{ mb: 1 }}>{translate(`${T}.experimentHint`)}</Typography>
              <NumberInput source="percent" label={`${T}.percent`} min={1} max={99} step={1} validate={required()} />
            </>
          ),
        }}
      />
      <ActionButton
        label={`${T}.activate`}
        variant="contained"
        icon={<PublishIcon />}
        action={{
          name: `models.activate/${model.id}`,
          title: `${T}.activate`,
          confirm: `${T}.activate`,
          done: `${T}.activated`,
          call: () => activateModel(model.id),
          children: <Typography>{translate(`${T}.activateHint`)}</Typography>,
        }}
      />
    </TopToolbar>
  );
}
