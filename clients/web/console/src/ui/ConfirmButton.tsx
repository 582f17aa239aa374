// An icon that asks before it acts.
import DeleteIcon from "@mui/icons-material/Delete";
import IconButton from "@mui/material/IconButton";
import Tooltip from "@mui/material/Tooltip";
import { type ReactNode, useState } from "react";
import { Confirm, useTranslate } from "react-admin";

interface ConfirmButtonProps {
  readonly label?: string;
  readonly icon?: ReactNode;
  readonly title: string;
  readonly content: string;
  readonly disabled?: boolean;
  readonly onConfirm: () => void;
}

export function ConfirmButton({ label = "ra.action.delete", icon = <DeleteIcon />, title, content, disabled, onConfirm }: ConfirmButtonProps) {
  const translate = useTranslate();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Tooltip title={translate(label)}>
        <span>
          <IconButton aria-label={`${translate(label)}: ${title}`} disabled={disabled} onClick={() => setOpen(true)}>
            {icon}
          </IconButton>
        </span>
      </Tooltip>
      <Confirm
        isOpen={isOpen}
        title={title}
        content={content}
        onClose={() => setOpen(false)}
        onConfirm={() => {
          setOpen(false);
          onConfirm();
        }}
      />
    </>
  );
}
