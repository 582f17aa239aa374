import ImageIcon from "@mui/icons-material/ImageOutlined";
import Box from "@mui/material/Box";

/** A small picture of a product, or a place for one. What it shows stands beside it. */
export function Picture({ url, size = 48 }: { url: string; size?: number }) {
  const frame = { width: size, height: size, borderRadius: 1, bgcolor: "action.hover", flexShrink: 0 };
  if (url === "") {
    return (
      <Box sx={{ ...frame, display: "grid", placeItems: "center" }} aria-hidden>
        <ImageIcon sx={{ opacity: 0.4 }} />
      </Box>
    );
  }
  return <Box component="img" src={url} alt="" loading="lazy" sx={{ ...frame, objectFit: "contain" }} />;
}
