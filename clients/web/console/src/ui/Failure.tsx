// What stands where something could not be loaded: why, and a button to try again.
import Alert from "@mui/material/Alert";
import AlertTitle from "@mui/material/AlertTitle";
import Button from "@mui/material/Button";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslate } from "react-admin";
import { sentenceOf } from "../data/refusals";

export function Failure({ failure, again }: { failure?: unknown; again?: () => void }) {
  const translate = useTranslate();
  const queries = useQueryClient();
  const retry = again ?? (() => void queries.invalidateQueries());
  const sentence = failure === undefined ? "" : sentenceOf(failure);
  return (
    <Alert
      severity="error"
      sx={{ my: 2 }}
      action={
        <Button color="inherit" size="small" onClick={retry}>
          {translate("console.failure.again")}
        </Button>
      }
    >
      <AlertTitle>{translate("console.failure.title")}</AlertTitle>
      {sentence && translate(sentence, { _: sentence })}
    </Alert>
  );
}
