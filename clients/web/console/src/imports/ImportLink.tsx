import UploadFileIcon from "@mui/icons-material/UploadFile";
import { Button, useCanAccess } from "react-admin";
import { Link } from "react-router-dom";

/** Leads to the import of products. */
export function ImportLink() {
  const { canAccess } = useCanAccess({ resource: "imports", action: "create" });
  if (!canAccess) return null;
  return (
    <Button component={Link} to="/imports/create" label="resources.imports.start">
      <UploadFileIcon />
    </Button>
  );
}
