import Typography from "@mui/material/Typography";
import { useGetIdentity, useTranslate } from "react-admin";

/** For those who may not see the figures: the menu has what they may do. */
export function Welcome() {
  const translate = useTranslate();
  const { identity } = useGetIdentity();
  return (
    <>
      <Typography variant="h5" component="h2" gutterBottom>
        {translate("console.dashboard.welcome", { name: identity?.fullName ?? "" })}
      </Typography>
      <Typography>{translate("console.dashboard.welcomeHint")}</Typography>
    </>
  );
}
