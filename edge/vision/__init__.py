"""From pictures to tracked detections: batching across cameras, and the tracker."""
