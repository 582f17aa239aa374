import AddIcon from "@mui/icons-material/Add";
import Button from "@mui/material/Button";
import Card from "@mui/material/Card";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { Title, useCanAccess, useTranslate } from "react-admin";
import { CanSee } from "../ui/CanSee";
import { Loaded } from "../ui/Loaded";
import { CategoryDialog } from "./CategoryDialog";
import { CategoryTree } from "./CategoryTree";
import { type CategoryNode, useCategoryTree } from "./tree";

const T = "resources.categories";

/** What the dialog is about: a category, or a new one below another. */
export type Chosen = { readonly edit: CategoryNode } | { readonly below: CategoryNode | undefined };

export default function CategoryPage() {
  return (
    <CanSee page="categories">
      <Categories />
    </CanSee>
  );
}

function Categories() {
  const translate = useTranslate();
  const query = useCategoryTree();
  const { canAccess: mayCreate } = useCanAccess({ resource: "categories", action: "create" });
  const [chosen, setChosen] = useState<Chosen>();
  return (
    <>
      <Title title={translate(`${T}.name`, 2)} />
      {mayCreate && (
        <Stack direction="row" sx={{ justifyContent: "flex-end", my: 1 }}>
          <Button startIcon={<AddIcon />} onClick={() => setChosen({ below: undefined })}>
            {translate(`${T}.add`)}
          </Button>
        </Stack>
      )}
      <Loaded query={query}>
        {(nodes) => (
          <Card sx={{ p: 1 }}>
            {nodes.length === 0 && (
              <Typography variant="h6" component="p" sx={{ py: 8, textAlign: "center" }}>
                {translate(`${T}.empty`)}
              </Typography>
            )}
            <CategoryTree nodes={nodes} onChoose={setChosen} />
          </Card>
        )}
      </Loaded>
      {chosen && <CategoryDialog chosen={chosen} onClose={() => setChosen(undefined)} />}
    </>
  );
}
