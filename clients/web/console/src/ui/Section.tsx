// A heading within a form or page.
import Typography from "@mui/material/Typography";
import { useTranslate } from "react-admin";

/** `title` is a key of texts. */
export function Section({ title, hint }: { title: string; hint?: string }) {
  const translate = useTranslate();
  return (
    <>
      <Typography variant="h6" component="h2" sx={{ mt: 3, mb: hint ? 0 : 1 }}>
        {translate(title)}
      </Typography>
      {hint && (
        <Typography variant="body2" sx={{ mb: 1, opacity: 0.8 }}>
          {translate(hint)}
        </Typography>
      )}
    </>
  );
}
