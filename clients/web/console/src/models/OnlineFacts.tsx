import Typography from "@mui/material/Typography";
import { useTranslate } from "react-admin";
import { Facts } from "../ui/Panel";
import { amountText } from "../ui/money";
import { countText, percentText } from "../ui/numbers";
import { momentText } from "../ui/time";
import type { Online } from "./calls";

const T = "resources.models.online";

/** What customers did with recommendations. */
export function OnlineFacts({ online }: { online: Online | null }) {
  const translate = useTranslate();
  if (online === null || online.lists === 0) return <Typography color="text.secondary">{translate(`${T}.none`)}</Typography>;
  return (
    <Facts
      rows={[
        [`${T}.since`, momentText(online.since)],
        [`${T}.lists`, countText(online.lists)],
        [`${T}.impressions`, countText(online.impressions)],
        [`${T}.clicks`, countText(online.clicks)],
        [`${T}.carts`, countText(online.carts)],
        [`${T}.purchases`, countText(online.purchases)],
        [`${T}.clickRate`, percentText(online.clickRate)],
        [`${T}.conversion`, percentText(online.conversion)],
        [`${T}.revenue`, online.revenue.map(amountText).join(", ")],
      ]}
    />
  );
}
