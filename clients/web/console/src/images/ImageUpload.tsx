import CloseIcon from "@mui/icons-material/Close";
import PhotoCameraIcon from "@mui/icons-material/AddPhotoAlternate";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Card from "@mui/material/Card";
import CardContent from "@mui/material/CardContent";
import IconButton from "@mui/material/IconButton";
import LinearProgress from "@mui/material/LinearProgress";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { type DragEvent, useRef, useState } from "react";
import { useAuthProvider, useNotify, useRefresh, useTranslate } from "react-admin";
import { refusing } from "../data/refusals";
import { once } from "../data/requestIds";
import { Gallery } from "./ImagesTab";
import { uploadImage } from "./calls";

const T = "resources.images";

/** A picture that was chosen and not sent yet. */
interface Chosen {
  readonly key: string;
  readonly file: File;
  readonly preview: string;
  readonly alt: string;
  /** Why the shop did not take it. */
  readonly refusal: string;
}

export function ImageUpload({ productId }: { productId: string }) {
  const translate = useTranslate();
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const { send, sending } = useUpload(productId, setChosen);
  const add = async (files: Iterable<File>) => {
    const added = await Promise.all([...files].map(read));
    setChosen((before) => [...before, ...added]);
  };
  const change = (key: string, alt: string) =>
    setChosen((before) => before.map((one) => (one.key === key ? { ...one, alt } : one)));
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void add(event.dataTransfer.files);
  };
  return (
    <Box
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
      sx={{ mt: 2, p: 2, border: 1, borderStyle: "dashed", borderColor: "divider", borderRadius: 1 }}
    >
      <Gallery>
        {chosen.map((one) => (
          <Preview
            key={one.key}
            chosen={one}
            disabled={sending !== undefined}
            onChange={(alt) => change(one.key, alt)}
            onDiscard={() => setChosen((before) => before.filter(({ key }) => key !== one.key))}
          />
        ))}
      </Gallery>
      {sending && <LinearProgress aria-label={translate(`${T}.uploading`, { name: sending })} sx={{ my: 2 }} />}
      <Choose onChosen={(files) => void add(files)} disabled={sending !== undefined} />
      {chosen.length > 0 && (
        <Button variant="contained" disabled={sending !== undefined} onClick={() => void send(chosen)} sx={{ ml: 1 }}>
          {translate(`${T}.upload`)}
        </Button>
      )}
      <Typography variant="body2" sx={{ mt: 1, opacity: 0.8 }}>
        {translate(`${T}.chooseHint`)} {translate(`${T}.dropHint`)}
      </Typography>
    </Box>
  );
}

function Choose({ onChosen, disabled }: { onChosen: (files: File[]) => void; disabled: boolean }) {
  const translate = useTranslate();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button startIcon={<PhotoCameraIcon />} disabled={disabled} variant="outlined" onClick={() => input.current?.click()}>
        {translate(`${T}.choose`)}
      </Button>
      <input
        ref={input}
        type="file"
        accept="image/jpeg,image/png,image/webp"
        multiple
        hidden
        onChange={(event) => {
          onChosen([...(event.target.files ?? [])]);
          event.target.value = ""; // the same file may be chosen again
        }}
      />
    </>
  );
}

interface PreviewProps {
  readonly chosen: Chosen;
  readonly disabled: boolean;
  readonly onChange: (alt: string) => void;
  readonly onDiscard: () => void;
}

function Preview({ chosen: { file, preview, alt, refusal }, disabled, onChange, onDiscard }: PreviewProps) {
  const translate = useTranslate();
  return (
    <Card component="li" variant="outlined" sx={{ position: "relative", mb: 2 }}>
      <Box component="img" src={preview} alt="" sx={{ width: "100%", aspectRatio: "1", objectFit: "contain", display: "block" }} />
      <IconButton
        aria-label={`${translate(`${T}.discard`)}: ${file.name}`}
        disabled={disabled}
        onClick={onDiscard}
        sx={{ position: "absolute", top: 4, right: 4, bgcolor: "background.paper" }}
      >
        <CloseIcon />
      </IconButton>
      <CardContent>
        <TextField
          label={translate(`${T}.fields.alt`)}
          value={alt}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value)}
          multiline
          fullWidth
          size="small"
        />
        {refusal && (
          <Alert severity="error" sx={{ mt: 1 }}>
            {translate(refusal, { _: refusal })}
          </Alert>
        )}
      </CardContent>
    </Card>
  );
}

/** Sends one after the other. What is refused stays, with why. */
function useUpload(productId: string, setChosen: (change: (before: Chosen[]) => Chosen[]) => void) {
  const notify = useNotify();
  const refresh = useRefresh();
  const auth = useAuthProvider();
  const [sending, setSending] = useState<string>();
  const send = async (chosen: readonly Chosen[]) => {
    let refused = 0;
    for (const { key, file, alt } of chosen) {
      setSending(file.name);
      try {
        await refusing(once(["upload", productId, key, alt], (requestId) => uploadImage(productId, file, alt, requestId)));
        setChosen((before) => before.filter((one) => one.key !== key));
      } catch (failure) {
        refused += 1;
        await auth?.checkError(failure);
        const refusal = failure instanceof Error ? failure.message : "console.failure.unknown";
        setChosen((before) => before.map((one) => (one.key === key ? { ...one, refusal } : one)));
      }
    }
    setSending(undefined);
    if (refused === 0) notify(`${T}.uploaded`, { type: "success" });
    refresh();
  };
  return { send, sending };
}

/** The page's policy shows pictures of the shop and those that are part of an address. */
function read(file: File): Promise<Chosen> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    const done = (preview: string) => resolve({ key: crypto.randomUUID(), file, preview, alt: "", refusal: "" });
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => done("");
    reader.readAsDataURL(file);
  });
}
