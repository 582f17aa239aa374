import AddIcon from "@mui/icons-material/Add";
import EditIcon from "@mui/icons-material/Edit";
import ExpandIcon from "@mui/icons-material/ChevronRight";
import Box from "@mui/material/Box";
import IconButton from "@mui/material/IconButton";
import Link from "@mui/material/Link";
import { useState } from "react";
import { useCanAccess, useTranslate } from "react-admin";
import { Link as RouterLink } from "react-router-dom";
import { useShopCall } from "../data/useShopCall";
import { ConfirmButton } from "../ui/ConfirmButton";
import type { Chosen } from "./CategoryPage";
import { deleteCategory } from "./calls";
import type { CategoryNode } from "./tree";

const T = "resources.categories";

interface TreeProps {
  readonly nodes: readonly CategoryNode[];
  readonly onChoose: (chosen: Chosen) => void;
}

/** Categories with what is below them, closed at first where there are many. */
export function CategoryTree({ nodes, onChoose }: TreeProps) {
  return (
    <Box component="ul" sx={{ listStyle: "none", m: 0, p: 0 }}>
      {nodes.map((node) => (
        <Branch key={node.id} node={node} onChoose={onChoose} />
      ))}
    </Box>
  );
}

function Branch({ node, onChoose }: { node: CategoryNode; onChoose: TreeProps["onChoose"] }) {
  const translate = useTranslate();
  const [isOpen, setOpen] = useState(node.parentId === "");
  const hasChildren = node.children.length > 0;
  return (
    <li>
      <Box sx={{ display: "flex", alignItems: "center", borderBottom: 1, borderColor: "divider", minHeight: 48 }}>
        {hasChildren ? (
          <IconButton
            aria-expanded={isOpen}
            aria-label={translate(`${T}.${isOpen ? "close" : "open"}`, { name: node.name })}
            onClick={() => setOpen(!isOpen)}
          >
            <ExpandIcon sx={{ transform: isOpen ? "rotate(90deg)" : "none" }} />
          </IconButton>
        ) : (
          <Box sx={{ width: 40, flexShrink: 0 }} />
        )}
        <Box sx={{ flexGrow: 1, minWidth: 0, overflowWrap: "anywhere" }}>
          <Link component={RouterLink} to={productsOf(node)} color="inherit">
            {node.name}
          </Link>
        </Box>
        <Buttons node={node} onChoose={onChoose} />
      </Box>
      {hasChildren && isOpen && (
        <Box sx={{ pl: { xs: 2, sm: 4 } }}>
          <CategoryTree nodes={node.children} onChoose={onChoose} />
        </Box>
      )}
    </li>
  );
}

/** The list of the products in a category. */
function productsOf({ slug }: CategoryNode): string {
  return `/products?${new URLSearchParams({ filter: JSON.stringify({ category: slug }), displayedFilters: '{"category":true}' })}`;
}

function Buttons({ node, onChoose }: { node: CategoryNode; onChoose: TreeProps["onChoose"] }) {
  const translate = useTranslate();
  const { canAccess: mayCreate } = useCanAccess({ resource: "categories", action: "create" });
  const { canAccess: mayEdit } = useCanAccess({ resource: "categories", action: "edit" });
  const { canAccess: mayDelete } = useCanAccess({ resource: "categories", action: "delete" });
  const remove = useShopCall("categories.delete", deleteCategory, { done: `${T}.deleted` });
  const { name } = node;
  return (
    <Box sx={{ whiteSpace: "nowrap" }}>
      {mayCreate && (
        <IconButton aria-label={translate(`${T}.addBelow`, { name })} onClick={() => onChoose({ below: node })}>
          <AddIcon />
        </IconButton>
      )}
      {mayEdit && (
        <IconButton aria-label={`${translate("ra.action.edit")}: ${name}`} onClick={() => onChoose({ edit: node })}>
          <EditIcon />
        </IconButton>
      )}
      {mayDelete && (
        <ConfirmButton
          title={translate(`${T}.deleteTitle`, { name })}
          content={`${T}.deleteContent`}
          disabled={remove.isPending}
          onConfirm={() => remove.act({ id: node.id, etag: node.etag })}
        />
      )}
    </Box>
  );
}
