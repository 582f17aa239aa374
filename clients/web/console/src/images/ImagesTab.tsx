import ArrowBackIcon from "@mui/icons-material/ArrowBack";
import ArrowForwardIcon from "@mui/icons-material/ArrowForward";
import EditIcon from "@mui/icons-material/Edit";
import Box from "@mui/material/Box";
import Card from "@mui/material/Card";
import CardActions from "@mui/material/CardActions";
import CardContent from "@mui/material/CardContent";
import Chip from "@mui/material/Chip";
import IconButton from "@mui/material/IconButton";
import Tooltip from "@mui/material/Tooltip";
import Typography from "@mui/material/Typography";
import { type ReactNode, useState } from "react";
import { useCanAccess, useTranslate } from "react-admin";
import { useShopCall } from "../data/useShopCall";
import { useShopQuery } from "../data/useShopQuery";
import type { ProductRecord } from "../products/calls";
import { ConfirmButton } from "../ui/ConfirmButton";
import { Loaded } from "../ui/Loaded";
import { ImageDialog } from "./ImageDialog";
import { ImageUpload } from "./ImageUpload";
import { type ImageRecord, deleteImage, listImages, reorderImages } from "./calls";

const T = "resources.images";

export function ImagesTab({ product }: { product: ProductRecord }) {
  const translate = useTranslate();
  const query = useShopQuery(["images", product.id], (signal) => listImages(product.id, signal));
  const { canAccess: mayUpload } = useCanAccess({ resource: "images", action: "create" });
  const [described, setDescribed] = useState<ImageRecord>();
  return (
    <Loaded query={query}>
      {(images) => (
        <>
          {images.length === 0 && <Typography sx={{ mb: 2 }}>{translate(`${T}.empty`)}</Typography>}
          <Gallery>
            {images.map((image, at) => (
              <ImageCard key={image.id} productId={product.id} images={images} at={at} onEdit={() => setDescribed(image)} />
            ))}
          </Gallery>
          {mayUpload && <ImageUpload productId={product.id} />}
          {described && <ImageDialog productId={product.id} image={described} onClose={() => setDescribed(undefined)} />}
        </>
      )}
    </Loaded>
  );
}

export function Gallery({ children }: { children: ReactNode }) {
  return (
    <Box
      component="ul"
      sx={{ display: "grid", gap: 2, p: 0, m: 0, gridTemplateColumns: "repeat(auto-fill, minmax(10.5rem, 1fr))", listStyle: "none" }}
    >
      {children}
    </Box>
  );
}

interface ImageCardProps {
  readonly productId: string;
  readonly images: readonly ImageRecord[];
  readonly at: number;
  readonly onEdit: () => void;
}

function ImageCard({ productId, images, at, onEdit }: ImageCardProps) {
  const translate = useTranslate();
  const image = images[at] as ImageRecord;
  return (
    <Card component="li" variant="outlined">
      <Box
        component="img"
        src={image.mediumUrl}
        alt={image.alt}
        loading="lazy"
        sx={{ width: "100%", aspectRatio: "1", objectFit: "contain", bgcolor: "action.hover", display: "block" }}
      />
      <CardContent sx={{ py: 1 }}>
        <Typography variant="body2" sx={{ overflowWrap: "anywhere" }}>
          {image.alt || translate(`${T}.noAlt`)}
        </Typography>
        {at === 0 && <Chip size="small" label={translate(`${T}.first`)} sx={{ mt: 0.5 }} />}
      </CardContent>
      <Buttons productId={productId} images={images} at={at} onEdit={onEdit} />
    </Card>
  );
}

function Buttons({ productId, images, at, onEdit }: ImageCardProps) {
  const translate = useTranslate();
  const { canAccess: mayEdit } = useCanAccess({ resource: "images", action: "edit" });
  const image = images[at] as ImageRecord;
  const number = at + 1;
  const order = useShopCall("images.reorder", (ids: string[], requestId) => reorderImages(productId, ids, requestId));
  const remove = useShopCall("images.delete", deleteImage, { done: `${T}.deleted` });
  if (!mayEdit) return null;
  const move = (to: number) => {
    const ids = images.filter((_, index) => index !== at).map(({ id }) => id);
    ids.splice(to, 0, image.id);
    order.act(ids);
  };
  const labelled = (text: string) => `${translate(text)}: ${translate(`${T}.number`, { number })}`;
  return (
    <CardActions disableSpacing sx={{ flexWrap: "wrap", pt: 0 }}>
      <Action label={labelled(`${T}.earlier`)} disabled={at === 0 || order.isPending} onClick={() => move(at - 1)}>
        <ArrowBackIcon fontSize="small" />
      </Action>
      <Action label={labelled(`${T}.later`)} disabled={at === images.length - 1 || order.isPending} onClick={() => move(at + 1)}>
        <ArrowForwardIcon fontSize="small" />
      </Action>
      <Action label={labelled(`${T}.edit`)} onClick={onEdit}>
        <EditIcon fontSize="small" />
      </Action>
      <ConfirmButton
        title={translate(`${T}.deleteTitle`, { number })}
        content={`${T}.deleteContent`}
        disabled={remove.isPending}
        onConfirm={() => remove.act(image)}
      />
    </CardActions>
  );
}

function Action({ label, disabled = false, onClick, children }: { label: string; disabled?: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip title={label}>
      <span>
        <IconButton aria-label={label} disabled={disabled} onClick={onClick}>
          {children}
        </IconButton>
      </span>
    </Tooltip>
  );
}
