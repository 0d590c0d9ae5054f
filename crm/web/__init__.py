"""What all edges share: audiences, forms, lists, pages, errors and safety. It knows no business."""
