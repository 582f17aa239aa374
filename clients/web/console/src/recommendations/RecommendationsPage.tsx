import Box from "@mui/material/Box";
import { Title } from "react-admin";
import { ExperimentPart } from "./ExperimentPart";
import { TrainingPart } from "./TrainingPart";
import { WhyPart } from "./WhyPart";

export default function RecommendationsPage() {
  return (
    <Box sx={{ mt: 2 }}>
      <Title title="pages.recommendations.name" />
      <TrainingPart />
      <ExperimentPart />
      <WhyPart />
    </Box>
  );
}
